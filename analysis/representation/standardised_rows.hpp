#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/aligned_values.hpp"
#include "analysis/cross_moments.hpp"

namespace mambasynth::analysis::representation {

/// Features of chosen rows, standardised and laid out for softmax_kernel.hpp.
class StandardisedRows {
 public:
  static constexpr std::int64_t block = 32;  ///< rows; features of a block lie in a near cache

  /// Of each feature, over training rows.
  struct Scale {
    std::vector<double> mean, inverse;  ///< 1 / standard deviation; 0 where a feature does not vary
  };
  /// From features alone, a single part.
  static Scale scale_of(CrossMoments const& moments);

  /// features: (all rows, dims); rows: those wanted. Rows that fill up the last block are zeros.
  StandardisedRows(Rows const& features, std::int64_t dims, std::span<std::int64_t const> rows, Scale const& scale);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t dims() const { return dims_; }
  [[nodiscard]] std::int64_t blocks() const { return (rows_ + block - 1) / block; }
  /// (dims, block): a feature's values of the block's rows side by side.
  [[nodiscard]] double const* of_block(std::int64_t b) const { return values_.data() + b * block * dims_; }

 private:
  std::int64_t rows_, dims_;
  AlignedValues values_;
};

}  // namespace mambasynth::analysis::representation
