#include "sweep/cost_model.hpp"

#include <cmath>
#include <iterator>

namespace mambasynth::sweep {
namespace {

// A mean that changes by less than this is not worth sorting the trials again.
constexpr double worth_sorting = 0.05;

}  // namespace

bool CostModel::learn(double cost, double seconds) {
  if (!(cost > 0) || !(seconds > 0)) return false;
  auto& mean = measured_[cost];
  auto const before = mean.seconds;
  ++mean.count;
  mean.seconds += (seconds - before) / mean.count;
  return mean.count == 1 || std::abs(mean.seconds - before) > worth_sorting * before;
}

double CostModel::expected(double cost) const {
  if (measured_.empty() || !(cost > 0)) return cost;
  auto const above = measured_.lower_bound(cost);
  if (above != measured_.end() && above->first == cost) return above->second.seconds;
  auto const pace = [&](auto const& point) { return cost * point->second.seconds / point->first; };
  if (above == measured_.begin()) return pace(above);
  auto const below = std::prev(above);
  if (above == measured_.end()) return pace(below);
  auto const share = std::log(cost / below->first) / std::log(above->first / below->first);
  return below->second.seconds * std::pow(above->second.seconds / below->second.seconds, share);
}

}  // namespace mambasynth::sweep
