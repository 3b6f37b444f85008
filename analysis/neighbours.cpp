#include "analysis/neighbours.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "analysis/distance_tile.hpp"
#include "analysis/nearest_list.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis {

namespace {

constexpr std::int64_t query_block = 32;      // queries that share one pass over the candidates
constexpr std::int64_t candidate_block = 128;  // candidates between two looks at the thresholds
static_assert(query_block % tile_queries == 0 && candidate_block % tile_lanes == 0);

template <class T>
void require_finite(std::span<T const> rows, std::int64_t dims) {
  auto const bad = std::find_if(rows.begin(), rows.end(), [](T value) { return !std::isfinite(value); });
  if (bad == rows.end()) return;
  auto const at = bad - rows.begin();
  throw errors::input(fmt::format("value {} in row {}, column {} of the points", *bad, at / dims, at % dims),
                      "distances to it are undefined", "remove the row, or find out where it comes from");
}

/// (block of tile_lanes points, dims, lane); lanes past the last point are NaN.
template <class T>
std::vector<double> pack(std::span<T const> rows, std::int64_t points, std::int64_t dims, int threads) {
  auto const blocks = (points + tile_lanes - 1) / tile_lanes;
  std::vector<double> packed(static_cast<std::size_t>(blocks * dims * tile_lanes));
#pragma omp parallel for num_threads(threads)
  for (std::int64_t b = 0; b < blocks; ++b) {
    auto* out = packed.data() + b * dims * tile_lanes;
    for (std::int64_t l = 0; l < tile_lanes; ++l) {
      auto const point = b * tile_lanes + l;
      for (std::int64_t c = 0; c < dims; ++c) {
        out[c * tile_lanes + l] = point < points ? static_cast<double>(rows[static_cast<std::size_t>(point * dims + c)])
                                                 : std::numeric_limits<double>::quiet_NaN();
      }
    }
  }
  return packed;
}

/// The points that are no neighbours of point `i` get NaN in its row of distances to points start, start + 1, ...
void exclude(std::span<double> row, std::int64_t i, std::int64_t start, TemporalWindow const& window) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  auto const self = i - start;
  if (self >= 0 && self < static_cast<std::int64_t>(row.size())) row[static_cast<std::size_t>(self)] = none;
  if (window.steps == 0) return;
  auto const now = window.time[static_cast<std::size_t>(i)];
  auto const times = window.time.subspan(static_cast<std::size_t>(start), row.size());
  for (std::size_t j = 0; j < row.size(); ++j)
    if (std::abs(times[j] - now) <= window.steps) row[j] = none;
}

}  // namespace

std::int64_t TemporalWindow::most_excluded() const {
  if (steps == 0) return 0;
  std::vector<std::int64_t> sorted(time.begin(), time.end());
  std::sort(sorted.begin(), sorted.end());
  std::int64_t most = 0;
  for (std::size_t i = 0, first = 0, end = 0; i < sorted.size(); ++i) {
    while (sorted[i] - sorted[first] > steps) ++first;
    while (end < sorted.size() && sorted[end] - sorted[i] <= steps) ++end;
    most = std::max(most, static_cast<std::int64_t>(end - first) - 1);
  }
  return most;
}

template <class T>
Neighbours nearest_neighbours(std::span<T const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                              int threads, TemporalWindow const& window) {
  if (k < 1 || k >= points) {
    throw errors::usage(fmt::format("{} neighbours of each of {} points", k, points),
                        "a point has as many neighbours as there are other points", "use a smaller k or more points");
  }
  if (points > std::numeric_limits<std::int32_t>::max()) {
    throw errors::usage(fmt::format("{} points", points), "at most 2^31 - 1 are counted", "use a subsample");
  }
  if (dims < 1 || static_cast<std::int64_t>(rows.size()) != points * dims) {
    throw errors::usage(fmt::format("{} values for {} points of {} dimensions", rows.size(), points, dims),
                        "the array is no matrix of that shape", "pass rows x dimensions values");
  }
  if (auto const excluded = window.most_excluded(); k >= points - excluded) {
    throw errors::usage(fmt::format("{} neighbours of each of {} points outside a window of {} steps", k, points, window.steps),
                        fmt::format("the window leaves a point {} others", points - 1 - excluded),
                        "use a smaller k, a smaller window or more points");
  }
  require_finite(rows, dims);
  if (threads <= 0) threads = omp_get_max_threads();

  auto const packed = pack(rows, points, dims, threads);
  Neighbours result{.points = points, .k = k, .distance = {}, .index = {}};
  result.distance.resize(static_cast<std::size_t>(points * k));
  result.index.resize(static_cast<std::size_t>(points * k));
  std::atomic<bool> overflow = false;

#pragma omp parallel num_threads(threads)
  {
    std::vector<double> queries(static_cast<std::size_t>(query_block * dims));
    std::vector<double> squared(static_cast<std::size_t>(query_block * candidate_block));
    std::vector<NearestList> nearest;
    for (std::int64_t i = 0; i < query_block; ++i) nearest.emplace_back(k, candidate_block);
#pragma omp for schedule(dynamic)
    for (std::int64_t first = 0; first < points; first += query_block) {
      auto const count = std::min(query_block, points - first);
      // Rows past the last point keep old values: their distances are computed and never looked at.
      for (std::int64_t i = 0; i < count * dims; ++i) {
        queries[static_cast<std::size_t>(i)] = static_cast<double>(rows[static_cast<std::size_t>(first * dims + i)]);
      }
      for (auto& list : nearest) list.clear();
      for (std::int64_t start = 0; start < points; start += candidate_block) {
        auto const width = std::min(candidate_block, points - start);
        for (std::int64_t j = 0; j < width; j += tile_lanes) {
          for (std::int64_t i = 0; i < count; i += tile_queries) {
            distance_tile(queries.data() + i * dims, packed.data() + (start + j) * dims, dims,
                          squared.data() + i * candidate_block + j, candidate_block);
          }
        }
        for (std::int64_t i = 0; i < count; ++i) {
          auto* const row = squared.data() + i * candidate_block;
          exclude(std::span(row, static_cast<std::size_t>(width)), first + i, start, window);
          nearest[static_cast<std::size_t>(i)].offer(row, width, start);
        }
      }
      for (std::int64_t i = 0; i < count; ++i) {
        auto const at = (first + i) * k;
        if (!nearest[static_cast<std::size_t>(i)].finish(result.distance.data() + at, result.index.data() + at)) {
          overflow = true;
        }
      }
    }
  }
  if (overflow) {
    throw errors::input("squared distances beyond the range of double", "coordinates larger than about 1e154",
                        "rescale the points");
  }
  return result;
}

template Neighbours nearest_neighbours(std::span<float const>, std::int64_t, std::int64_t, std::int64_t, int,
                                       TemporalWindow const&);
template Neighbours nearest_neighbours(std::span<double const>, std::int64_t, std::int64_t, std::int64_t, int,
                                       TemporalWindow const&);

}  // namespace mambasynth::analysis
