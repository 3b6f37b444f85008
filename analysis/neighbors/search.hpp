#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "analysis/neighbors/candidate_list.hpp"
#include "analysis/neighbors/nearest_list.hpp"
#include "analysis/neighbors/neighbors.hpp"

/// Private to this room: two searches with the same result.
namespace mambasynth::analysis::neighbors::search {

template <class T>
struct Task {
  std::span<T const> rows;  ///< (point, dims)
  std::int64_t points, dims, k;
  TemporalWindow window;
  double* distance;     ///< (point, k)
  std::int32_t* index;  ///< (point, k)
};

/// In the values of point `i` for points start, start + 1, ..., sets those that cannot be its neighbors to `none`.
template <class V>
void exclude(std::span<V> row, std::int64_t i, std::int64_t start, TemporalWindow const& window, V none) {
  auto const self = i - start;
  if (self >= 0 && self < static_cast<std::int64_t>(row.size())) row[static_cast<std::size_t>(self)] = none;
  if (window.steps == 0) return;
  auto const now = window.time[static_cast<std::size_t>(i)];
  auto const times = window.time.subspan(static_cast<std::size_t>(start), row.size());
  for (std::size_t j = 0; j < row.size(); ++j)
    if (std::abs(times[j] - now) <= window.steps) row[j] = none;
}

/// All distances in double.
template <class T>
class SearchInDouble {
 public:
  SearchInDouble(Task<T> const& task, int threads);
  /// Queries that share one pass over the candidates.
  [[nodiscard]] static constexpr std::int64_t block() { return 32; }

  /// State of one thread.
  class Scratch {
   public:
    explicit Scratch(SearchInDouble const& search);
    /// Queries first .. end - 1, at most block() of them; false if squares overflow.
    [[nodiscard]] bool run(std::int64_t first, std::int64_t end);

   private:
    SearchInDouble const& search_;
    std::vector<double> queries_, squared_;
    std::vector<NearestList> nearest_;
  };

 private:
  Task<T> const& task_;
  std::vector<double> packed_;  ///< (block of tile_lanes points, dims, lane); lanes past the last point are NaN
};

/// Computes all distances in single precision, then those of the remaining candidates in double.
///
/// Rows are centered on their mean (in double; differences of rows do not change), scaled by a power of two to lengths
/// of at most R, 1/2 <= R <= 1, and rounded. For query i, the error of v_ij = |y_j|^2 - 2 x_i . y_j is then at most
///   E_i = 1.1 (dims + 8) 2^-24 (R^2 + 2 |x_i| R):
/// dims + 1 roundings of the sum (Higham 2002, eq. 3.3, holds with and without fused multiply-adds), one of |y_j|^2 and
/// two of the rounded factors; the slack covers terms quadratic in 2^-24, underflow, and roundings in double. So every
/// point whose v exceeds the k-th smallest v by more than 2 E_i is farther away than k others.
template <class T>
class SearchInFloat {
 public:
  /// Empty if it would not save time: few dimensions, few points, rows all equal or out of range.
  static std::optional<SearchInFloat> prepare(Task<T> const& task, int threads);
  [[nodiscard]] std::int64_t block(int threads) const;

  class Scratch {
   public:
    Scratch(SearchInFloat const& search, std::int64_t block);
    /// Queries first .. end - 1; returns false, without a usable result, if too many candidates lie within the error.
    [[nodiscard]] bool run(std::int64_t first, std::int64_t end);

   private:
    void pack_queries(std::int64_t first, std::int64_t end);
    bool sift(std::int64_t first, std::int64_t end);
    void write(std::int64_t query, std::vector<std::int32_t> const& candidates);

    SearchInFloat const& search_;
    std::vector<float> queries_, values_;
    std::vector<CandidateList> lists_;
    std::vector<double> squared_;
    NearestList nearest_;
  };

 private:
  explicit SearchInFloat(Task<T> const& task) : task_(&task) {}
  Task<T> const* task_;
  std::vector<float> packed_;  ///< (panel of float_lanes points, dims, lane)
  std::vector<float> norm_;    ///< (panel, lane), |y|^2; infinity past the last point
  std::vector<double> error_;  ///< (point), E_i
};

extern template class SearchInDouble<float>;
extern template class SearchInDouble<double>;
extern template class SearchInFloat<float>;
extern template class SearchInFloat<double>;

}  // namespace mambasynth::analysis::neighbors::search
