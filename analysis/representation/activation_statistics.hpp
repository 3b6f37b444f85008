#pragma once

#include <cstdint>
#include <span>

#include "analysis/representation/cross_moments.hpp"

namespace mambasynth::analysis::representation {

/// Moments of a layer's activations, accumulated row by row in constant memory; accurate even if the mean is far from
/// zero. Bit-identical however the rows are split into calls, and for any number of threads.
class ActivationStatistics {
 public:
  /// `threads` 0: OpenMP's default.
  explicit ActivationStatistics(std::int64_t dims, int threads = 0) : moments_({dims}, threads) {}

  /// rows: (n, dims), row-major; errors::usage if the size is not a multiple of dims.
  template <class T>
  void add(std::span<T const> rows) {
    moments_.add(Rows(rows));
  }

  [[nodiscard]] std::int64_t rows() const { return moments_.rows(); }
  /// Over all rows and dimensions; NaN without rows.
  [[nodiscard]] double mean() const;
  /// Over all rows and dimensions, divisor rows * dims.
  [[nodiscard]] double standard_deviation() const;
  /// (sum of eigenvalues)^2 / sum of their squares of the covariance over the dimensions, = tr(C)^2 / tr(C^2); between
  /// 1 and dims, NaN for constant data. Not corrected for the finite sample.
  [[nodiscard]] double participation_ratio() const;
  /// Means and covariances of the dimensions, and what corrects the participation ratio.
  [[nodiscard]] CrossMoments const& moments() const { return moments_; }

 private:
  CrossMoments moments_;
};

}  // namespace mambasynth::analysis::representation
