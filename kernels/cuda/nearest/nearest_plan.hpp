#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

/// How a search for nearest neighbors is split up. Plain arithmetic, without CUDA headers.
namespace mambasynth::kernels::cuda {

inline constexpr std::int64_t nearest_tile = 128;            ///< queries, and candidates, of one product
inline constexpr std::int64_t nearest_slab = 16;             ///< dimensions in shared memory at a time
inline constexpr std::int64_t most_nearest_sample = 8192;    ///< a query's values fill 32 registers of 256 threads
inline constexpr std::int64_t most_nearest_capacity = 4032;  ///< keys and indices fill the 48 KB that need no opt-in

struct NearestPlan {
  std::int64_t points = 0, dims = 0, k = 0;
  bool sift = false;          ///< single precision first; else everything in double: small or narrow data, or too many
                              ///< candidates (capacity)
  std::int64_t sample = 0;    ///< candidates whose values set a query's limit
  std::int64_t rank = 0;      ///< the limit is the rank-th smallest of them
  std::int64_t capacity = 0;  ///< candidates that a list holds
  std::int64_t sift_queries = 0, exact_queries = 0;  ///< of one launch

  [[nodiscard]] std::int64_t panels() const { return (points + nearest_tile - 1) / nearest_tile; }
  [[nodiscard]] std::int64_t packed_dims() const { return (dims + nearest_slab - 1) / nearest_slab * nearest_slab; }
};

/// The limit's rank lies three standard deviations above the expected number of neighbors in the sample, so that about
/// one query in a thousand gets fewer than k candidates (and is done in double); the list holds twice as many as
/// expected. Buffers: 256 MiB each, or one query's.
inline NearestPlan nearest_plan(std::int64_t points, std::int64_t dims, std::int64_t k) {
  constexpr std::int64_t buffer = std::int64_t{1} << 28;
  NearestPlan plan{.points = points, .dims = dims, .k = k};
  plan.exact_queries = std::clamp<std::int64_t>(buffer / 8 / points, 1, std::min<std::int64_t>(points, 1 << 16));
  constexpr std::int64_t least_dims = 8, least_points = 1024, least_points_of_k = 6;
  if (dims < least_dims || points < std::max(least_points, least_points_of_k * k)) return plan;
  std::int64_t sample = 512;
  while (sample < most_nearest_sample && 8 * sample < points) sample *= 2;
  auto const of_points = static_cast<double>(points) / static_cast<double>(sample);
  auto const expected = static_cast<double>(k) / of_points;
  plan.sample = sample;
  plan.rank = std::min(sample, static_cast<std::int64_t>(std::ceil(expected + 3 * std::sqrt(expected) + 3)));
  plan.capacity = static_cast<std::int64_t>(std::ceil(2 * of_points * static_cast<double>(plan.rank))) + 64;
  plan.sift = plan.capacity <= most_nearest_capacity;
  auto const rooms = buffer / 4 / std::max(plan.sample, plan.capacity) / nearest_tile * nearest_tile;
  plan.sift_queries = std::min(rooms, plan.panels() * nearest_tile);
  return plan;
}

/// Rows that the limits are taken from: one from each run of points / sample, at a random position, since equal steps
/// could alias with a period of the data.
inline std::vector<std::int32_t> nearest_sample(NearestPlan const& plan) {
  std::vector<std::int32_t> rows;
  rows.reserve(static_cast<std::size_t>(plan.sample));
  std::uint64_t state = 0;
  for (std::int64_t i = 0; i < plan.sample; ++i) {
    // splitmix64 (Steele, Lea & Flood 2014, OOPSLA, fig. 17).
    auto z = state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    auto const first = i * plan.points / plan.sample, end = (i + 1) * plan.points / plan.sample;
    rows.push_back(
        static_cast<std::int32_t>(first + static_cast<std::int64_t>(z % static_cast<std::uint64_t>(end - first))));
  }
  return rows;
}

/// Rows centered and scaled to lengths of at most `radius` (1/2 <= radius <= 1), x of length `length`, rounded to
/// single precision: the error of |y|^2 - 2 x . y is at most unit * (radius^2 + 2 length * radius), for any order of
/// the sum. dims + 1 roundings of the sum (Higham 2002, eq. 3.3), one of |y|^2, two of the rounded factors; the
/// factor 1.1 covers what is quadratic in 2^-24, underflow, and the caller's roundings in double.
inline double nearest_error_unit(std::int64_t dims) { return 1.1 * static_cast<double>(dims + 8) * 0x1p-24; }

/// Whether that holds for rows up to this length (before scaling): squared distances neither overflow nor lose bits to
/// underflow.
inline bool nearest_length_in_range(double longest) { return longest > 1e-140 && longest < 1e150; }

}  // namespace mambasynth::kernels::cuda
