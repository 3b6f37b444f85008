#include "analysis/dimension/intrinsic_dimension.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "analysis/dimension/estimate_lists.hpp"
#include "analysis/neighbors/distinct_rows.hpp"
#include "analysis/neighbors/exact_distances.hpp"
#include "analysis/neighbors/neighbor_checks.hpp"
#include "analysis/neighbors/scaled_rows.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::dimension {
namespace {

double mean_distance(neighbors::Neighbors const& neighbors, std::int64_t k) {
  if (k > neighbors.k) return statistics::undefined;
  double sum = 0;
  for (std::int64_t i = 0; i < neighbors.points; ++i) sum += neighbors.distances_of(i)[static_cast<std::size_t>(k - 1)];
  return sum / static_cast<double>(neighbors.points);
}

std::vector<std::int64_t> doublings(std::int64_t longest, std::int64_t neighbors) {
  std::vector<std::int64_t> all;
  for (std::int64_t n1 = 1; n1 <= longest && 2 * n1 <= neighbors; n1 *= 2) all.push_back(n1);
  return all;
}

/// Points that are measured together, with their blocks and window.
template <class T>
struct Sample {
  std::span<T const> rows;
  std::int64_t points, dims;
  statistics::Blocks blocks;
  neighbors::TemporalWindow window;
  bool small = neighbors::may_be_small(rows);

  /// Exact, like the neighbor search: compares with all points outside the block.
  void search_outside(std::int64_t point, std::int32_t block, std::span<double> out) const {
    std::vector<std::int32_t> candidates;
    for (std::int32_t j = 0; j < points; ++j) {
      if (j == point || blocks.of_point[static_cast<std::size_t>(j)] == block) continue;
      if (window.steps > 0 && std::abs(window.time[static_cast<std::size_t>(j)] -
                                       window.time[static_cast<std::size_t>(point)]) <= window.steps)
        continue;
      candidates.push_back(j);
    }
    std::vector<double> squared(candidates.size());
    neighbors::exact_distances(rows.data(), dims, point, candidates, squared.data());
    if constexpr (std::is_same_v<T, double>) {
      if (small) {
        std::vector<neighbors::Apart> apart;
        for (std::size_t j = 0; j < candidates.size(); ++j)
          apart.emplace_back(rows.data() + point * dims, rows.data() + std::int64_t{candidates[j]} * dims, dims,
                             squared[j]);
        std::partial_sort(apart.begin(), apart.begin() + static_cast<std::ptrdiff_t>(out.size()), apart.end());
        for (std::size_t j = 0; j < out.size(); ++j) out[j] = std::log(apart[j].distance());
        return;
      }
    }
    std::partial_sort(squared.begin(), squared.begin() + static_cast<std::ptrdiff_t>(out.size()), squared.end());
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = std::log(std::sqrt(squared[j]));
  }
};

struct Measured {
  neighbors::Neighbors neighbors;
  Curves curves;
};

/// `ranks` beyond the sample's points are undefined; no sample is too small.
template <class T>
Measured measure(Sample<T> const& sample, Ranks const& ranks, EstimateOptions const& options) {
  auto const excluded = sample.window.most_excluded();
  auto const all = sample.points - 1 - excluded, reach = std::min(ranks.reach(), all);
  Measured found;
  if (reach < 1) {
    found.curves = estimate(point_terms({}, ranks, 1), nullptr, 1);
    return found;
  }
  // Lists long enough for most blocks: neighbors in a left-out block are skipped.
  auto const block = sample.blocks.count > 1 ? sample.points / sample.blocks.count + 1 : 0;
  auto const k = std::min(all, reach + std::min(block, reach));
  neighbors::HostSearch const host(options.threads);
  auto const& search = options.search ? *options.search : host;
  found.neighbors = search.find(sample.rows, sample.points, sample.dims, k, sample.window);
  found.curves = estimate_with_blocks(
      log_distances(found.neighbors, options.threads), found.neighbors.index, ranks,
      {sample.blocks, excluded,
       [&](std::int64_t point, std::int32_t b, std::span<double> out) { sample.search_outside(point, b, out); }},
      options.threads);
  return found;
}

/// The blocks of the chosen points.
statistics::Blocks blocks_of(statistics::Blocks const& blocks, std::vector<std::int64_t> const& chosen) {
  statistics::Blocks some{.of_point = {}, .count = blocks.count};
  if (blocks.count > 0)
    for (auto const i : chosen) some.of_point.push_back(blocks.of_point[static_cast<std::size_t>(i)]);
  return some;
}

void take(DimensionEstimates& all, Measured const& found) {
  for (std::size_t e = 0; e < estimators.size(); ++e) all[*estimators[e]] = found.curves.estimates[e];
  for (auto const k : all.k) all.distance_k.push_back(mean_distance(found.neighbors, k));
  for (auto const n1 : all.n1)
    all.distance_n1.push_back((mean_distance(found.neighbors, n1) + mean_distance(found.neighbors, 2 * n1)) / 2);
  if (!found.curves.shifts.empty()) all.plateau = find_plateau(all[gride], found.curves.shifts[index_of(gride)]);
}

}  // namespace

DimensionEstimates estimate_all(neighbors::Neighbors const& neighbors, std::vector<std::int64_t> const& ks,
                                int threads) {
  require_ranks(ks, neighbors.k);
  DimensionEstimates all;
  all.points = neighbors.points;
  all.k = ks;
  all.n1 = doublings(gride_longest_n1, neighbors.k);
  auto const logs = log_distances(neighbors, threads);
  for (auto const zeros : logs.zeros) all.duplicates += zeros > 0;
  take(all, {neighbors, estimate(point_terms(logs, {ks, all.n1}, threads), nullptr, threads)});
  return all;
}

namespace {

/// rows: already checked, and within the range of scaled_rows().
template <class T>
DimensionEstimates estimate_near_one(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                     std::vector<std::int64_t> const& ks, EstimateOptions const& options) {
  auto const others = points - 1 - options.window.most_excluded();
  auto const distinct = neighbors::distinct_rows(rows, points, dims);
  DimensionEstimates all;
  all.points = points;
  all.duplicates = distinct.copied;
  all.k = ks;
  all.n1 = doublings(options.longest_n1, others);
  Sample<T> const whole{rows, points, dims, options.blocks, options.window};
  if (distinct.copied == 0) {
    take(all, measure(whole, {ks, all.n1}, options));
    return all;
  }
  std::vector<T> chosen;
  std::vector<std::int64_t> time;
  for (auto const i : distinct.first) {
    auto const row = rows.subspan(static_cast<std::size_t>(i * dims), static_cast<std::size_t>(dims));
    chosen.insert(chosen.end(), row.begin(), row.end());
    if (options.window.steps > 0) time.push_back(options.window.time[static_cast<std::size_t>(i)]);
  }
  auto const count = static_cast<std::int64_t>(distinct.first.size());
  take(all,
       measure(Sample<T>{chosen, count, dims, blocks_of(options.blocks, distinct.first), {time, options.window.steps}},
               {ks, all.n1}, options));
  auto const original = measure(whole, {ks, {}}, options);
  for (std::size_t e = 0; e < estimators.size(); ++e)
    if (estimators[e]->all_rows) all[*estimators[e]] = original.curves.estimates[e];
  return all;
}

/// Converts distances of scaled rows back to the unit of the rows.
void unscale(std::vector<double>& distances, int exponent) {
  for (auto& distance : distances) {
    bool const finite = std::isfinite(distance);
    distance = std::ldexp(distance, -exponent);
    if (finite && !std::isfinite(distance))
      throw errors::input("mean distances beyond the range of double precision",
                          "the largest coordinates are close to 1.8e308", "Rescale the points");
  }
}

}  // namespace

template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, EstimateOptions const& options) {
  auto const longest = ks.empty() ? std::int64_t{1} : *std::max_element(ks.begin(), ks.end());
  neighbors::require_enough_points(static_cast<std::int64_t>(rows.size()), points, dims, longest, options.window);
  neighbors::require_finite(rows, dims);
  require_ranks(ks, points - 1 - options.window.most_excluded());
  if constexpr (std::is_same_v<T, double>) {
    auto const scaled = neighbors::scaled_rows(rows, dims);
    auto all = estimate_near_one(scaled.rows, points, dims, ks, options);
    if (scaled.exponent != 0) {
      unscale(all.distance_k, scaled.exponent);
      unscale(all.distance_n1, scaled.exponent);
    }
    return all;
  } else {
    return estimate_near_one(rows, points, dims, ks, options);
  }
}

template DimensionEstimates estimate_all(std::span<float const>, std::int64_t, std::int64_t,
                                         std::vector<std::int64_t> const&, EstimateOptions const&);
template DimensionEstimates estimate_all(std::span<double const>, std::int64_t, std::int64_t,
                                         std::vector<std::int64_t> const&, EstimateOptions const&);

}  // namespace mambasynth::analysis::dimension
