#include "analysis/statistics/holm.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mambasynth::analysis::statistics {

std::vector<double> holm(std::span<double const> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.begin(), p.end());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    auto const at = order[rank];
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - rank) * p[at]));
    adjusted[at] = largest;
  }
  return adjusted;
}

}  // namespace mambasynth::analysis::statistics
