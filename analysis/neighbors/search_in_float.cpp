#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/neighbors/exact_distances.hpp"
#include "analysis/neighbors/float_tile.hpp"
#include "analysis/neighbors/search.hpp"

namespace mambasynth::analysis::neighbors::search {
namespace {

// Below this, the single pass in double is as fast.
constexpr std::int64_t least_dims = 8, least_points_of_k = 6;
constexpr std::int64_t most_queries = 256;  // 128 KiB at 128 dimensions, part of the L2 cache

template <class T>
std::vector<double> mean_of(Task<T> const& task) {
  auto const dims = static_cast<std::size_t>(task.dims);
  std::vector<double> mean(dims);
  for (std::size_t i = 0; i < task.rows.size(); i += dims)
    for (std::size_t c = 0; c < dims; ++c) mean[c] += static_cast<double>(task.rows[i + c]);
  for (auto& value : mean) value /= static_cast<double>(task.points);
  return mean;
}

}  // namespace

template <class T>
std::optional<SearchInFloat<T>> SearchInFloat<T>::prepare(Task<T> const& task, int threads) {
  auto const dims = task.dims, points = task.points;
  if (dims < least_dims || points < least_points_of_k * task.k) return std::nullopt;
  auto const mean = mean_of(task);
  auto const at = [&](std::int64_t point, std::int64_t c) {
    return static_cast<double>(task.rows[static_cast<std::size_t>(point * dims + c)]) -
           mean[static_cast<std::size_t>(c)];
  };
  std::vector<double> length(static_cast<std::size_t>(points));
#pragma omp parallel for num_threads(threads)
  for (std::int64_t i = 0; i < points; ++i) {
    double squared = 0;
    for (std::int64_t c = 0; c < dims; ++c) squared += at(i, c) * at(i, c);
    length[static_cast<std::size_t>(i)] = std::sqrt(squared);
  }
  auto const longest = *std::max_element(length.begin(), length.end());
  // Squared distances must be finite, and those that the error bound distinguishes must not underflow.
  constexpr double least = 1e-140, most = 1e150;
  if (!(longest > least && longest < most)) return std::nullopt;
  int exponent = 0;
  std::frexp(longest, &exponent);

  SearchInFloat search(task);
  auto const panels = (points + float_lanes - 1) / float_lanes;
  search.packed_.resize(static_cast<std::size_t>(panels * dims * float_lanes));
  search.norm_.assign(static_cast<std::size_t>(panels * float_lanes), std::numeric_limits<float>::infinity());
  search.error_.resize(static_cast<std::size_t>(points));
  auto const unit = 1.1 * static_cast<double>(dims + 8) * 0x1p-24;
  auto const radius = std::ldexp(longest, -exponent);
#pragma omp parallel for num_threads(threads)
  for (std::int64_t p = 0; p < panels; ++p) {
    auto* const out = search.packed_.data() + p * dims * float_lanes;
    for (std::int64_t l = 0; l < std::min(float_lanes, points - p * float_lanes); ++l) {
      auto const point = p * float_lanes + l;
      for (std::int64_t c = 0; c < dims; ++c)
        out[c * float_lanes + l] = static_cast<float>(std::ldexp(at(point, c), -exponent));
      auto const own = std::ldexp(length[static_cast<std::size_t>(point)], -exponent);
      search.norm_[static_cast<std::size_t>(point)] = static_cast<float>(own * own);
      search.error_[static_cast<std::size_t>(point)] = unit * (radius * radius + 2 * own * radius);
    }
  }
  return search;
}

template <class T>
std::int64_t SearchInFloat<T>::block(int threads) const {
  constexpr std::int64_t pieces_of_a_thread = 8;  // so that threads finish at about the same time
  auto const even = task_->points / (threads * pieces_of_a_thread) / float_queries * float_queries;
  return std::clamp(even, float_queries, most_queries);
}

template <class T>
SearchInFloat<T>::Scratch::Scratch(SearchInFloat const& search, std::int64_t block)
    : search_(search),
      queries_(static_cast<std::size_t>(block * search.task_->dims)),
      values_(static_cast<std::size_t>(float_queries * float_lanes)),
      nearest_(search.task_->k, CandidateList::most(search.task_->k)) {
  for (std::int64_t i = 0; i < block; ++i) lists_.emplace_back(search.task_->k, float_lanes);
}

/// (group of float_queries queries, dims, query), times -2; the last group is padded with zeros.
template <class T>
void SearchInFloat<T>::Scratch::pack_queries(std::int64_t first, std::int64_t end) {
  auto const dims = search_.task_->dims;
  for (std::int64_t group = 0; group * float_queries < end - first; ++group) {
    auto* const out = queries_.data() + group * dims * float_queries;
    for (std::int64_t q = 0; q < float_queries; ++q) {
      auto const point = first + group * float_queries + q;
      auto const* const from = search_.packed_.data() + point / float_lanes * dims * float_lanes + point % float_lanes;
      for (std::int64_t c = 0; c < dims; ++c) out[c * float_queries + q] = point < end ? -2 * from[c * float_lanes] : 0;
    }
  }
}

template <class T>
bool SearchInFloat<T>::Scratch::sift(std::int64_t first, std::int64_t end) {
  constexpr auto none = std::numeric_limits<float>::infinity();
  auto const& task = *search_.task_;
  auto const panels = (task.points + float_lanes - 1) / float_lanes;
  for (auto i = first; i < end; ++i)
    lists_[static_cast<std::size_t>(i - first)].clear(search_.error_[static_cast<std::size_t>(i)]);
  for (std::int64_t turn = 0; turn < panels; ++turn) {
    // Starts at the queries' own panel: neighbors in time are often close, and a tight limit early on saves work.
    auto const panel = (first / float_lanes + turn) % panels;
    auto const start = panel * float_lanes;
    auto const width = std::min(float_lanes, task.points - start);
    for (std::int64_t group = 0; group * float_queries < end - first; ++group) {
      float_tile(queries_.data() + group * task.dims * float_queries, search_.packed_.data() + start * task.dims,
                 search_.norm_.data() + start, task.dims, values_.data());
      for (std::int64_t q = 0; q < std::min(float_queries, end - first - group * float_queries); ++q) {
        auto const query = group * float_queries + q;
        auto* const row = values_.data() + q * float_lanes;
        exclude(std::span(row, static_cast<std::size_t>(width)), first + query, start, task.window, none);
        auto& list = lists_[static_cast<std::size_t>(query)];
        list.offer(row, width, static_cast<std::int32_t>(start));
        if (list.hopeless()) return false;
      }
    }
  }
  return true;
}

template <class T>
void SearchInFloat<T>::Scratch::write(std::int64_t query, std::vector<std::int32_t> const& candidates) {
  auto const& task = *search_.task_;
  squared_.resize(candidates.size());
  exact_distances(task.rows.data(), task.dims, query, candidates, squared_.data());
  nearest_.take(squared_, candidates);
  // No overflow: prepare() rejects rows that long.
  static_cast<void>(nearest_.finish(task.distance + query * task.k, task.index + query * task.k));
}

template <class T>
bool SearchInFloat<T>::Scratch::run(std::int64_t first, std::int64_t end) {
  pack_queries(first, end);
  if (!sift(first, end)) return false;
  for (auto i = first; i < end; ++i) write(i, lists_[static_cast<std::size_t>(i - first)].finish());
  return true;
}

template class SearchInFloat<float>;
template class SearchInFloat<double>;

}  // namespace mambasynth::analysis::neighbors::search
