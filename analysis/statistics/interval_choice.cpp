#include "analysis/statistics/interval_choice.hpp"

#include <cmath>
#include <vector>

#include "analysis/statistics/bootstrap_interval.hpp"

namespace mambasynth::analysis::statistics {

Interval interval_of(std::span<double const> values, Method method, Bounds const& bounds) {
  if (method == Method::bca) return bca_interval(values);
  if (method == Method::iqm) {
    std::vector<double> const stratum(values.begin(), values.end());
    return iqm_interval({&stratum, 1});
  }
  auto const plain = interval_of(values);
  bool const keep = !std::isfinite(bounds.high) && !(plain.low < bounds.low);
  return keep ? plain : bounded_interval(values, bounds);
}

}  // namespace mambasynth::analysis::statistics
