#include "analysis/collate/by_seed.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mambasynth::analysis::collate {

void BySeed::add(std::string const& seed, double value) {
  if (!std::isfinite(value)) {
    ++left_out_;
    return;
  }
  auto const [at, is_new] = place_.try_emplace(seed, of_seed_.size());
  if (is_new) of_seed_.emplace_back();
  of_seed_[at->second].push_back(value);
  ++values_;
}

std::vector<double> BySeed::means() const {
  std::vector<double> means;
  for (auto const& values : of_seed_)
    means.push_back(std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()));
  return means;
}

double BySeed::mean() const {
  auto const of_seeds = means();
  return std::accumulate(of_seeds.begin(), of_seeds.end(), 0.0) / static_cast<double>(of_seeds.size());
}

Interval BySeed::interval(statistics::Method method, statistics::Bounds const& bounds) const {
  return interval_of(means(), method, bounds);
}

std::map<std::string, double> BySeed::of_seeds() const {
  auto const all = means();
  std::map<std::string, double> values;
  for (auto const& [seed, at] : place_) values.emplace(seed, all[at]);
  return values;
}

bool BySeed::uneven() const {
  return std::any_of(of_seed_.begin(), of_seed_.end(),
                     [&](auto const& values) { return values.size() != of_seed_.front().size(); });
}

bool BySeed::varies_within_a_seed() const {
  return std::any_of(of_seed_.begin(), of_seed_.end(), [](auto const& values) {
    constexpr double rounding = 1e-9;
    auto const [least, most] = std::minmax_element(values.begin(), values.end());
    return *most - *least > rounding * std::max(std::abs(*least), std::abs(*most));
  });
}

}  // namespace mambasynth::analysis::collate
