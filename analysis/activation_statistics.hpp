#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::analysis {

/// Moments of a layer's activations, row by row in constant memory: sums and products of (x - first row), which keeps
/// them accurate when the mean is far from zero. The result has the same bits however the rows are cut into calls and
/// for any number of threads.
class ActivationStatistics {
 public:
  /// `threads` 0 = OpenMP's own choice.
  explicit ActivationStatistics(std::int64_t dims, int threads = 0);

  /// rows: (n, dims), row-major; errors::usage when the size is no multiple of dims.
  template <class T>
  void add(std::span<T const> rows);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  /// Over all rows and dimensions; NaN without rows.
  [[nodiscard]] double mean() const;
  /// Over all rows and dimensions, divisor rows * dims.
  [[nodiscard]] double standard_deviation() const;
  /// (sum of eigenvalues)^2 / sum of their squares of the covariance over the dimensions, = tr(C)^2 / tr(C^2);
  /// between 1 and dims, NaN for constant data. No correction for the finite sample.
  [[nodiscard]] double participation_ratio() const;

 private:
  std::int64_t dims_, width_;    ///< width: dims and zeros up to whole vectors
  int threads_;
  std::int64_t rows_ = 0;
  std::vector<double> shift_;    ///< the first row
  std::vector<double> sum_;      ///< (dims)
  std::vector<double> product_;  ///< (width, width); at and above the diagonal
};

extern template void ActivationStatistics::add(std::span<float const>);
extern template void ActivationStatistics::add(std::span<double const>);

}  // namespace mambasynth::analysis
