#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/neighbors/aligned_values.hpp"
#include "analysis/representation/cross_moments.hpp"

namespace mambasynth::analysis::representation {

/// Features of all rows, standardized by their moments over all rows and laid out for softmax_kernel.hpp.
class StandardizedRows {
 public:
  static constexpr std::int64_t block = 32;  ///< rows; the features of a block fit into a fast cache

  /// features: (rows, dims). The last block is padded with zero rows; a constant feature is all zeros.
  StandardizedRows(Rows const& features, std::int64_t dims);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t dims() const { return dims_; }
  /// (dims, block): a feature's values of the block's rows side by side.
  [[nodiscard]] double const* of_block(std::int64_t b) const { return values_.data() + b * block * dims_; }
  /// (dims): the means subtracted, and 1 / standard deviation, 0 for a constant feature.
  [[nodiscard]] std::vector<double> const& mean() const { return mean_; }
  [[nodiscard]] std::vector<double> const& inverse() const { return inverse_; }

 private:
  std::int64_t rows_, dims_;
  std::vector<double> mean_, inverse_;
  neighbors::AlignedValues values_;
};

/// Some of the rows, block by block.
class RowSet {
 public:
  struct Part {
    std::int64_t block;
    std::uint32_t rows;  ///< bit r: row r of the block
  };
  /// rows: ascending.
  explicit RowSet(std::vector<std::int64_t> const& rows);

  [[nodiscard]] std::vector<Part> const& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

}  // namespace mambasynth::analysis::representation
