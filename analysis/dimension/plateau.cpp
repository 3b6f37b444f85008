#include "analysis/dimension/plateau.hpp"

#include <cmath>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "analysis/statistics/student_t.hpp"

namespace mambasynth::analysis::dimension {
namespace {

struct Trend {
  double mean = 0, change = 0, error = 0;
};

/// Least-squares line over entries first .. last; `change` is the difference between its two ends.
Trend trend_of(std::span<Estimate const> curve, std::span<statistics::BlockShifts const> shifts, std::size_t first,
               std::size_t last) {
  auto const entries = static_cast<double>(last - first + 1);
  double squares = 0;
  for (auto i = first; i <= last; ++i) {
    auto const x = static_cast<double>(i - first) - (entries - 1) / 2;
    squares += x * x;
  }
  auto const blocks = shifts[first].observed.size();
  Trend trend;
  statistics::BlockShifts together{std::vector<double>(blocks), std::vector<double>(blocks)};
  for (auto i = first; i <= last; ++i) {
    auto const weight = (static_cast<double>(i - first) - (entries - 1) / 2) / squares * (entries - 1);
    trend.mean += curve[i].value / entries;
    trend.change += weight * curve[i].value;
    for (std::size_t b = 0; b < blocks; ++b) {
      together.expected[b] += weight * shifts[i].expected[b];
      together.observed[b] += weight * shifts[i].observed[b];
    }
  }
  trend.error = together.error();
  return trend;
}

}  // namespace

std::optional<Plateau> find_plateau(std::span<Estimate const> curve, std::span<statistics::BlockShifts const> shifts) {
  std::optional<Plateau> best;
  if (shifts.size() != curve.size() || curve.empty() || shifts[0].observed.size() < 2) return best;
  auto const freedom = static_cast<std::int64_t>(shifts[0].observed.size()) - 1;
  auto const visible = statistics::central_quantile(0.99, freedom), possible = statistics::interval_quantile(freedom);
  double best_change = 0;
  for (std::size_t first = 0; first < curve.size(); ++first) {
    for (auto last = first + plateau_entries - 1; last < curve.size(); ++last) {
      auto const trend = trend_of(curve, shifts, first, last);
      auto const change = std::abs(trend.change);
      // Negated, so that NaN in an entry or its error fails.
      if (!(change <= visible * trend.error && change + possible * trend.error <= plateau_change * trend.mean))
        continue;
      auto const entries = last - first + 1, longest = best ? best->last - best->first + 1 : 0;
      auto const relative = change / trend.mean;
      if (entries < longest || (entries == longest && relative >= best_change)) continue;
      best = Plateau{first, last, trend.mean};
      best_change = relative;
    }
  }
  return best;
}

}  // namespace mambasynth::analysis::dimension
