#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/neighbors/distance_tile.hpp"
#include "analysis/neighbors/search.hpp"

namespace mambasynth::analysis::neighbors::search {
namespace {

constexpr std::int64_t query_block = SearchInDouble<float>::block();
constexpr std::int64_t candidate_block = 128;  // candidates between two checks of the thresholds
static_assert(query_block % tile_queries == 0 && candidate_block % tile_lanes == 0);
constexpr double none = std::numeric_limits<double>::quiet_NaN();

}  // namespace

template <class T>
SearchInDouble<T>::SearchInDouble(Task<T> const& task, int threads) : task_(task) {
  auto const blocks = (task.points + tile_lanes - 1) / tile_lanes;
  packed_.resize(static_cast<std::size_t>(blocks * task.dims * tile_lanes));
#pragma omp parallel for num_threads(threads)
  for (std::int64_t b = 0; b < blocks; ++b) {
    auto* out = packed_.data() + b * task.dims * tile_lanes;
    for (std::int64_t l = 0; l < tile_lanes; ++l) {
      auto const point = b * tile_lanes + l;
      for (std::int64_t c = 0; c < task.dims; ++c)
        out[c * tile_lanes + l] = point < task.points
                                      ? static_cast<double>(task.rows[static_cast<std::size_t>(point * task.dims + c)])
                                      : none;
    }
  }
}

template <class T>
SearchInDouble<T>::Scratch::Scratch(SearchInDouble const& search)
    : search_(search),
      queries_(static_cast<std::size_t>(query_block * search.task_.dims)),
      squared_(static_cast<std::size_t>(query_block * candidate_block)) {}

template <class T>
bool SearchInDouble<T>::Scratch::run(std::int64_t first, std::int64_t end) {
  auto const& task = search_.task_;
  auto const dims = task.dims, count = end - first;
  while (nearest_.size() < static_cast<std::size_t>(query_block)) nearest_.emplace_back(task.k, candidate_block);
  // Rows past the last point keep old values: their distances are computed but never used.
  for (std::int64_t i = 0; i < count * dims; ++i)
    queries_[static_cast<std::size_t>(i)] = static_cast<double>(task.rows[static_cast<std::size_t>(first * dims + i)]);
  for (auto& list : nearest_) list.clear();
  for (std::int64_t start = 0; start < task.points; start += candidate_block) {
    auto const width = std::min(candidate_block, task.points - start);
    for (std::int64_t j = 0; j < width; j += tile_lanes)
      for (std::int64_t i = 0; i < count; i += tile_queries)
        distance_tile(queries_.data() + i * dims, search_.packed_.data() + (start + j) * dims, dims,
                      squared_.data() + i * candidate_block + j, candidate_block);
    for (std::int64_t i = 0; i < count; ++i) {
      auto* const row = squared_.data() + i * candidate_block;
      exclude(std::span(row, static_cast<std::size_t>(width)), first + i, start, task.window, none);
      nearest_[static_cast<std::size_t>(i)].offer(row, width, start);
    }
  }
  bool complete = true;
  for (std::int64_t i = 0; i < count; ++i) {
    auto const at = (first + i) * task.k;
    complete &= nearest_[static_cast<std::size_t>(i)].finish(task.distance + at, task.index + at);
  }
  return complete;
}

template class SearchInDouble<float>;
template class SearchInDouble<double>;

}  // namespace mambasynth::analysis::neighbors::search
