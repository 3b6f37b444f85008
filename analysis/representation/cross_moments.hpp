#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "analysis/neighbors/aligned_values.hpp"

namespace mambasynth::analysis::representation {

/// (n, dims) of a part, row-major.
using Rows = std::variant<std::span<float const>, std::span<double const>>;

/// Moments of rows that consist of parts (layers, or features and targets), accumulated row by row in constant memory:
/// sums and products of (x - first row), which stay accurate even if the mean is far from zero, and of the squared
/// lengths of the parts. Bit-identical however the rows are split into calls, and for any number of threads.
class CrossMoments {
 public:
  /// `parts`: dimensions of each. `threads` 0: OpenMP's default.
  explicit CrossMoments(std::vector<std::int64_t> parts, int threads = 0);

  /// The next rows, a matrix for each part; errors::usage if they are not whole rows or differ in number.
  void add(std::span<Rows const> parts);
  void add(Rows const& only_part) { add(std::span(&only_part, 1)); }

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t dims() const { return dims_; }
  [[nodiscard]] std::int64_t parts() const { return static_cast<std::int64_t>(parts_.size()); }
  /// A part's first column among those of all parts; dims() for the one past the last.
  [[nodiscard]] std::int64_t first(std::int64_t part) const { return first_[static_cast<std::size_t>(part)]; }

  /// Columns are counted over all parts. NaN without rows.
  [[nodiscard]] double mean(std::int64_t i) const { return shift_[at(i)] + average(i); }
  /// Divisor rows.
  [[nodiscard]] double covariance(std::int64_t i, std::int64_t j) const {
    return product(i, j) / static_cast<double>(rows_) - average(i) * average(j);
  }
  /// Over the columns of a part: trace of its covariance, divisor rows.
  [[nodiscard]] double variance(std::int64_t part) const;
  /// Sum over the rows of |x - mean x|^2 |y - mean y|^2, x and y the row's parts p and q.
  [[nodiscard]] double product_of_squared_lengths(std::int64_t p, std::int64_t q) const;

 private:
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
  [[nodiscard]] double average(std::int64_t i) const { return sum_[at(i)] / static_cast<double>(rows_); }
  [[nodiscard]] double product(std::int64_t i, std::int64_t j) const {
    return i <= j ? product_.data()[i * width_ + j] : product_.data()[j * width_ + i];
  }

  std::vector<std::int64_t> parts_, first_;
  std::int64_t dims_, columns_, width_;  ///< columns: dims and a squared length per part; width: up to whole tiles
  int threads_;
  std::int64_t rows_ = 0;
  std::vector<double> shift_;         ///< the first row
  std::vector<double> sum_;           ///< (columns)
  neighbors::AlignedValues product_;  ///< (width, width); at and above the diagonal
};

}  // namespace mambasynth::analysis::representation
