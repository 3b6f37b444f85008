#include "analysis/statistics/spearman.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::statistics {
namespace {

/// Counted from the mean rank, so that they add up to 0.
std::vector<double> centered_ranks(std::span<double const> values) {
  constexpr double rounding = 1e-12;
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  auto const equal = [&](double a, double b) {
    return std::abs(a - b) <= rounding * std::max(std::abs(a), std::abs(b));
  };
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && equal(values[order[end]], values[order[first]])) ++end;
    auto const rank = (static_cast<double>(first + end) - static_cast<double>(values.size())) / 2;
    for (auto i = first; i < end; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

}  // namespace

double spearman(std::span<double const> x, std::span<double const> y) {
  constexpr std::size_t fewest = 3;  // of two, it is always 1 or -1
  if (x.size() < fewest) return undefined;
  auto const of_x = centered_ranks(x), of_y = centered_ranks(y);
  auto const product = [](auto const& a, auto const& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  auto const squares = product(of_x, of_x) * product(of_y, of_y);
  return squares > 0 ? product(of_x, of_y) / std::sqrt(squares) : undefined;
}

}  // namespace mambasynth::analysis::statistics
