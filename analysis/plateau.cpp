#include "analysis/plateau.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/intrinsic_dimension.hpp"

namespace mambasynth::analysis {

std::optional<Plateau> find_plateau(std::span<Estimate const> curve) {
  std::optional<Plateau> best;
  double best_spread = 0;
  for (std::size_t first = 0; first < curve.size(); ++first) {
    double least = curve[first].value, most = least, sum = 0, worst_error = 0;
    for (std::size_t last = first; last < curve.size(); ++last) {
      auto const& e = curve[last];
      auto const error = std::isfinite(e.se_blocks) ? std::max(e.se, e.se_blocks) : e.se;
      if (!std::isfinite(e.value) || !std::isfinite(error)) break;
      least = std::min(least, e.value);
      most = std::max(most, e.value);
      worst_error = std::max(worst_error, error);
      sum += e.value;
      auto const entries = last - first + 1;
      auto const mean = sum / static_cast<double>(entries);
      auto const spread = (most - least) / mean;
      if (spread > plateau_spread || 2 * worst_error > plateau_spread * mean) break;
      auto const longest = best ? best->last - best->first + 1 : 0;
      if (entries < plateau_entries || entries < longest || (entries == longest && spread >= best_spread)) continue;
      best = Plateau{first, last, mean};
      best_spread = spread;
    }
  }
  return best;
}

}  // namespace mambasynth::analysis
