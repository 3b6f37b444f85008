#include "analysis/collate/measure_intervals.hpp"

#include <algorithm>
#include <stdexcept>

namespace mambasynth::analysis::collate {

MeasureIntervals::iterator MeasureIntervals::find(std::string_view name) const {
  auto const place = names_->find(name);
  return place && has_[*place] ? iterator(this, *place) : end();
}

Interval const& MeasureIntervals::at(std::string_view name) const {
  auto const place = names_->find(name);
  if (!place || !has_[*place]) throw std::out_of_range(std::string(name));
  return intervals_[*place];
}

std::size_t MeasureIntervals::size() const {
  return static_cast<std::size_t>(std::count(has_.begin(), has_.end(), true));
}

void MeasureIntervals::set(std::size_t place, Interval const& interval) {
  intervals_[place] = interval;
  has_[place] = true;
}

void MeasureIntervals::emplace(std::string const& name, Interval const& interval) {
  if (auto const place = names_->find(name)) {
    if (!has_[*place]) set(*place, interval);
    return;
  }
  auto names = names_->all();
  names.push_back(name);
  names_ = trial_file::MeasureNames::of(std::move(names));
  intervals_.push_back(interval);
  has_.push_back(true);
}

}  // namespace mambasynth::analysis::collate
