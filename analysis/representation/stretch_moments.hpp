#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <vector>

#include "analysis/representation/chronological_folds.hpp"
#include "analysis/representation/cross_moments.hpp"

namespace mambasynth::analysis::representation {

/// Moments of rows (columns of all parts side by side) that can be added up.
struct Moments {
  double rows = 0;
  Eigen::VectorXd mean;
  Eigen::MatrixXd scatter;  ///< sum of (z - mean)(z - mean)'

  Moments() = default;
  explicit Moments(CrossMoments const& of);
  void add(Moments const& other);
  /// Removes some, but not all, of the rows.
  void remove(Moments const& other);
  /// Of the first columns only.
  [[nodiscard]] Moments first(Eigen::Index columns) const;
};

/// One pass over the rows for the moments of all that folds train on and test with.
class StretchMoments {
 public:
  /// parts: matrices of folds.rows() rows; dims: columns of each. Keeps a reference to the folds.
  StretchMoments(std::vector<Rows> const& parts, std::vector<std::int64_t> const& dims, ChronologicalFolds const& folds,
                 int threads);

  /// Of rows of training while blocks b and c are held out (b == c: one of them).
  [[nodiscard]] Moments training(std::int64_t b, std::int64_t c) const;
  /// Of the training rows, with block b held out, that belong to group g of the folds.
  [[nodiscard]] Moments training_in_group(std::int64_t b, std::int64_t g) const;
  /// Of the rows of block b that validate the penalties while block c is held out for the test.
  [[nodiscard]] Moments validation(std::int64_t b, std::int64_t c) const;

 private:
  template <class Wanted>
  [[nodiscard]] Moments sum(Wanted const& wanted) const;

  ChronologicalFolds const& folds_;
  std::vector<Moments> moments_;  ///< of each stretch
};

}  // namespace mambasynth::analysis::representation
