#include "analysis/dimension/binomial_dimension.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::dimension {
namespace {

/// (l+1) V_{l+1} = (2d+1) V_l + l V_{l-1}: all terms are positive, whereas the sum over C(d,j) alternates for j > d +
/// 1.
struct Pair {
  LatticeVolume inner, outer;
};
Pair volumes(std::int64_t inner, std::int64_t outer, double d) {
  LatticeVolume before{0, 0}, now{1, 0}, kept{1, 0};
  for (std::int64_t l = 0; l < outer; ++l) {
    auto const step = static_cast<double>(l);
    LatticeVolume const next{((2 * d + 1) * now.value + step * before.value) / (step + 1),
                             (2 * now.value + (2 * d + 1) * now.derivative + step * before.derivative) / (step + 1)};
    before = now;
    now = next;
    if (l + 1 == inner) kept = now;
    if (now.value > 0x1p+500) {
      for (auto* v : {&before, &now, &kept}) {
        v->value *= 0x1p-500;
        v->derivative *= 0x1p-500;
      }
    }
  }
  return {kept, now};
}

double ratio_slope(Pair const& v) {
  return (v.inner.derivative - v.inner.value / v.outer.value * v.outer.derivative) / v.outer.value;
}

std::int64_t manhattan(std::int32_t const* a, std::int32_t const* b, std::int64_t dims, std::int64_t period) {
  std::int64_t sum = 0;
  if (period == 0) {
    for (std::int64_t c = 0; c < dims; ++c) sum += std::abs(std::int64_t{a[c]} - b[c]);
    return sum;
  }
  for (std::int64_t c = 0; c < dims; ++c) {
    auto const straight = std::abs(std::int64_t{a[c]} - b[c]) % period;
    sum += std::min(straight, period - straight);
  }
  return sum;
}

/// The share p with each block left out: a pair is dropped if either of its points is.
std::vector<double> shares_without(LatticeCounts const& counts, statistics::Blocks const& blocks, double n, double k) {
  std::vector<double> inner(static_cast<std::size_t>(blocks.count), n), outer(inner.size(), k);
  if (inner.empty()) return {};
  for (std::size_t i = 0; i < counts.within_inner.size(); ++i) {
    auto const b = static_cast<std::size_t>(blocks.of_point[i]);
    inner[b] -= static_cast<double>(2 * counts.within_inner[i] - counts.inner_own[i]);
    outer[b] -= static_cast<double>(2 * counts.within_outer[i] - counts.outer_own[i]);
  }
  for (std::size_t b = 0; b < inner.size(); ++b) inner[b] /= outer[b];
  return inner;
}

}  // namespace

LatticeVolume lattice_volume(std::int64_t radius, double d) { return volumes(radius, radius, d).outer; }

double volume_ratio(std::int64_t inner, std::int64_t outer, double d) {
  auto const v = volumes(inner, outer, d);
  return v.inner.value / v.outer.value;
}

Estimate binomial_dimension(LatticeCounts const& counts, statistics::Blocks const& blocks) {
  double n = 0, k = 0;
  for (auto const count : counts.within_inner) n += static_cast<double>(count);
  for (auto const count : counts.within_outer) k += static_cast<double>(count);
  if (!(n > 0) || n == k) return {statistics::undefined, statistics::undefined};
  auto const p = n / k;
  double low = 0, high = 1;
  constexpr double beyond_any_data = 1e6;
  while (volume_ratio(counts.inner, counts.outer, high) > p) {
    low = high;
    high *= 2;
    if (high > beyond_any_data) return {statistics::undefined, statistics::undefined};
  }
  while (high - low > 1e-13 * high) {
    auto const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    (volume_ratio(counts.inner, counts.outer, middle) > p ? low : high) = middle;
  }
  auto const d = (low + high) / 2;
  auto const slope = ratio_slope(volumes(counts.inner, counts.outer, d));
  auto const by_pairs = 2 * p * (1 - p) / k;
  auto const jackknife = statistics::jackknife_error(shares_without(counts, blocks, n, k));
  auto const by_blocks =
      std::isnan(jackknife) ? jackknife : std::sqrt(std::max(jackknife * jackknife - by_pairs, by_pairs));
  return {d, std::sqrt(p * (1 - p) / k) / std::abs(slope), by_blocks / std::abs(slope)};
}

std::vector<LatticeCounts> lattice_counts(std::span<std::int32_t const> rows, std::int64_t points, std::int64_t dims,
                                          std::vector<std::int64_t> const& inner, std::int64_t period, int threads,
                                          neighbors::TemporalWindow const& window, statistics::Blocks const& blocks) {
  if (points < 1 || dims < 1 || static_cast<std::int64_t>(rows.size()) != points * dims)
    throw errors::usage(fmt::format("{} values for {} points of {} dimensions", rows.size(), points, dims),
                        "the array does not have that shape", "Pass rows x dimensions values");
  std::vector<LatticeCounts> counts;
  std::int64_t longest = 0;
  for (auto const radius : inner) {
    if (radius < 1)
      throw errors::usage(fmt::format("an inner radius of {}", radius), "a ball of radius 0 holds only its center",
                          "Use 1 or more");
    std::vector<std::int64_t> const none(static_cast<std::size_t>(points));
    counts.push_back({radius, 2 * radius, none, none, none, none});
    longest = std::max(longest, 2 * radius);
  }
  progress::Count counted(points, "row");
  errors::StopFlag stop;
#pragma omp parallel num_threads(threads > 0 ? threads : omp_get_max_threads())
  {
    // Numbers of points at exactly each distance, and of those in the same block.
    std::vector<std::int64_t> at(static_cast<std::size_t>(longest + 1)), own(at.size());
#pragma omp for schedule(dynamic, 16)
    for (std::int64_t i = 0; i < points; ++i) {
      if (stop.requested()) continue;
      std::fill(at.begin(), at.end(), 0);
      std::fill(own.begin(), own.end(), 0);
      for (std::int64_t j = 0; j < points; ++j) {
        if (j == i) continue;
        if (window.steps > 0 && std::abs(window.time[static_cast<std::size_t>(i)] -
                                         window.time[static_cast<std::size_t>(j)]) <= window.steps)
          continue;
        auto const distance = manhattan(rows.data() + i * dims, rows.data() + j * dims, dims, period);
        if (distance > longest) continue;
        ++at[static_cast<std::size_t>(distance)];
        if (blocks.count > 0 &&
            blocks.of_point[static_cast<std::size_t>(i)] == blocks.of_point[static_cast<std::size_t>(j)])
          ++own[static_cast<std::size_t>(distance)];
      }
      for (std::size_t l = 1; l < at.size(); ++l) {
        at[l] += at[l - 1];
        own[l] += own[l - 1];
      }
      for (auto& count : counts) {
        auto const point = static_cast<std::size_t>(i), inner = static_cast<std::size_t>(count.inner),
                   outer = static_cast<std::size_t>(count.outer);
        count.within_inner[point] = at[inner];
        count.within_outer[point] = at[outer];
        count.inner_own[point] = own[inner];
        count.outer_own[point] = own[outer];
      }
      counted.add();
    }
  }
  stop.throw_if_requested();
  return counts;
}

}  // namespace mambasynth::analysis::dimension
