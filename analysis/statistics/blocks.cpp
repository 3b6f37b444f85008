#include "analysis/statistics/blocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mambasynth::analysis::statistics {

Blocks blocks_in_time(std::span<std::int64_t const> time, std::int64_t count) {
  auto const points = static_cast<std::int64_t>(time.size());
  if (count < 2 || count > points) return {};
  std::vector<std::size_t> order(time.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return time[a] < time[b]; });
  Blocks blocks{.of_point = std::vector<std::int32_t>(time.size()), .count = static_cast<std::int32_t>(count)};
  for (std::size_t i = 0; i < order.size(); ++i)
    blocks.of_point[order[i]] = static_cast<std::int32_t>(static_cast<std::int64_t>(i) * count / points);
  return blocks;
}

double BlockSums::error(double information) const {
  auto const count = static_cast<double>(sum_.size());
  if (count < 2 || !(information != 0)) return std::numeric_limits<double>::quiet_NaN();
  double squares = 0;
  for (auto const sum : sum_) squares += sum * sum;
  return std::sqrt(count / (count - 1) * squares) / std::abs(information);
}

double jackknife_error(std::span<double const> without_one) {
  auto const count = static_cast<double>(without_one.size());
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  double mean = 0;
  for (auto const value : without_one) mean += value / count;
  double squares = 0;
  for (auto const value : without_one) squares += (value - mean) * (value - mean);
  return std::sqrt((count - 1) / count * squares);
}

double BlockShifts::error() const {
  auto const count = static_cast<double>(observed.size());
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  double together = 0, squares = 0;
  for (std::size_t b = 0; b < observed.size(); ++b) {
    together += expected[b] * observed[b];
    squares += observed[b] * observed[b];
  }
  return together > 0 || std::isnan(together) ? std::sqrt(together) : std::sqrt((count - 1) / count * squares);
}

}  // namespace mambasynth::analysis::statistics
