#include "analysis/trial_file/measures.hpp"

#include <functional>

namespace mambasynth::analysis::trial_file {
namespace {

std::size_t hash_of(std::vector<std::string> const& names) {
  std::size_t hash = names.size();
  for (auto const& name : names) hash = hash * 1000003 ^ std::hash<std::string>()(name);
  return hash;
}

}  // namespace

MeasureNames::MeasureNames(std::vector<std::string> names) : names_(std::move(names)) {
  places_.reserve(names_.size());
  for (std::size_t i = 0; i < names_.size(); ++i) places_.try_emplace(names_[i], i);
}

std::shared_ptr<MeasureNames const> MeasureNames::of(std::vector<std::string> names) {
  static std::unordered_multimap<std::size_t, std::shared_ptr<MeasureNames const>> known;
  auto const hash = hash_of(names);
  auto const [first, last] = known.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (at->second->all() == names) return at->second;
  return known.emplace(hash, std::make_shared<MeasureNames const>(std::move(names)))->second;
}

std::optional<std::size_t> MeasureNames::find(std::string_view name) const {
  auto const at = places_.find(name);
  return at == places_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<double> Measures::find(std::string_view name) const {
  auto const place = names_->find(name);
  return place ? std::optional(values_[*place]) : std::nullopt;
}

void Measures::set(std::string const& name, double value) {
  if (auto const place = names_->find(name)) {
    values_[*place] = value;
    return;
  }
  auto names = names_->all();
  names.push_back(name);
  names_ = MeasureNames::of(std::move(names));
  values_.push_back(value);
}

}  // namespace mambasynth::analysis::trial_file
