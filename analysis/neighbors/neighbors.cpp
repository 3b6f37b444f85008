#include "analysis/neighbors/neighbors.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>
#include <optional>
#include <type_traits>

#include "analysis/neighbors/exact_distances.hpp"
#include "analysis/neighbors/neighbor_checks.hpp"
#include "analysis/neighbors/scaled_rows.hpp"
#include "analysis/neighbors/search.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::neighbors {
namespace {

/// Repeats the search for points that have neighbors at distances whose squares underflow.
void search_small(search::Task<double> const& task, int threads) {
  struct Other {
    Apart apart;
    std::int32_t index;
    bool operator<(Other const& other) const {
      if (apart < other.apart) return true;
      return !(other.apart < apart) && index < other.index;
    }
  };
  auto const least = std::sqrt(Apart::least_square);
#pragma omp parallel num_threads(threads)
  {
    std::vector<double> squared(static_cast<std::size_t>(task.points));
    std::vector<std::int32_t> all(squared.size());
    std::iota(all.begin(), all.end(), 0);
    std::vector<double> excluded(squared.size());
    std::vector<Other> others;
#pragma omp for schedule(dynamic)
    for (std::int64_t i = 0; i < task.points; ++i) {
      if (task.distance[i * task.k] >= least) continue;
      exact_distances(task.rows.data(), task.dims, i, all, squared.data());
      std::fill(excluded.begin(), excluded.end(), 0.0);
      search::exclude(std::span(excluded), i, 0, task.window, 1.0);
      others.clear();
      for (auto const j : all)
        if (excluded[static_cast<std::size_t>(j)] == 0)
          others.push_back({{task.rows.data() + i * task.dims, task.rows.data() + j * task.dims, task.dims,
                             squared[static_cast<std::size_t>(j)]},
                            j});
      std::partial_sort(others.begin(), others.begin() + task.k, others.end());
      for (std::int64_t j = 0; j < task.k; ++j) {
        task.distance[i * task.k + j] = others[static_cast<std::size_t>(j)].apart.distance();
        task.index[i * task.k + j] = others[static_cast<std::size_t>(j)].index;
      }
    }
  }
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
Neighbors nearest_neighbors(std::span<T const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                            int threads, TemporalWindow const& window) {
  require_enough_points(static_cast<std::int64_t>(rows.size()), points, dims, k, window);
  require_finite(rows, dims);
  if (threads <= 0) threads = omp_get_max_threads();

  Neighbors result{.points = points, .k = k, .distance = {}, .index = {}};
  result.distance.resize(static_cast<std::size_t>(points * k));
  result.index.resize(static_cast<std::size_t>(points * k));
  search::Task<T> const task{.rows = rows,
                             .points = points,
                             .dims = dims,
                             .k = k,
                             .window = window,
                             .distance = result.distance.data(),
                             .index = result.index.data()};
  auto const in_float = search::SearchInFloat<T>::prepare(task, threads);
  std::optional<search::SearchInDouble<T>> in_double;  // made only if needed: it copies the rows again
  std::once_flag made;
  auto const make_double = [&] { in_double.emplace(task, threads); };
  if (!in_float) std::call_once(made, make_double);
  constexpr auto double_block = search::SearchInDouble<T>::block();
  auto const block = in_float ? in_float->block(threads) : double_block;
  std::atomic<bool> overflow = false;

  progress::Count count(points, "row");
  errors::StopFlag stop;
#pragma omp parallel num_threads(threads)
  {
    std::optional<typename search::SearchInDouble<T>::Scratch> doubles;
    std::optional<typename search::SearchInFloat<T>::Scratch> floats;
    if (in_float) floats.emplace(*in_float, block);
#pragma omp for schedule(dynamic)
    for (std::int64_t first = 0; first < points; first += block) {
      if (stop.requested()) continue;
      auto const end = std::min(points, first + block);
      if (!floats || !floats->run(first, end)) {
        std::call_once(made, make_double);
        if (!doubles) doubles.emplace(*in_double);
        for (auto start = first; start < end; start += double_block)
          if (!doubles->run(start, std::min(end, start + double_block))) overflow = true;
      }
      count.add(end - first);
    }
  }
  stop.throw_if_requested();
  if (overflow) throw squares_overflow();
  if constexpr (std::is_same_v<T, double>)
    if (may_be_small(rows)) search_small(task, threads);
  return result;
}

template Neighbors nearest_neighbors(std::span<float const>, std::int64_t, std::int64_t, std::int64_t, int,
                                     TemporalWindow const&);
template Neighbors nearest_neighbors(std::span<double const>, std::int64_t, std::int64_t, std::int64_t, int,
                                     TemporalWindow const&);

}  // namespace mambasynth::analysis::neighbors
