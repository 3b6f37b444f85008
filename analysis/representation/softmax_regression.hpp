#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "analysis/representation/standardized_rows.hpp"

namespace mambasynth::analysis::representation {

/// Rows to train on, and their moments: the same for every labeling of them.
struct TrainingSet {
  RowSet rows;
  /// (dims), for standardized rows: mean over the set, and 1 / standard deviation; 0 for a constant feature.
  std::vector<double> mean, inverse;
  std::vector<double> correlation;  ///< (dims, dims); 0 of features that do not vary
};

/// p(k | x) = softmax_k(w_k . z + b_k), z = (x - mean) inverse of the training set, minimizing the mean of -ln p(label)
/// + penalty / 2 sum |w_k|^2, without a penalty on intercepts. L-BFGS (Liu & Nocedal 1989, Math. Program. 45:503) whose
/// first matrix is the inverse of a Hessian with one curvature for all rows and classes (Boehning 1992, Ann. Inst.
/// Stat. Math. 44:197); deterministic, on the calling thread.
class SoftmaxRegression {
 public:
  struct Limits {
    double decrease = 1e-6;  ///< of the objective, nats: the search ends when the next step would gain less
    int steps = 300;
  };

  /// label: the class of each row of x, 0 .. classes - 1 (each at least once in the set), or -1 to leave it out.
  /// classes > 1. Starts from the class frequencies and zero weights. Keeps references to all arguments.
  SoftmaxRegression(StandardizedRows const& x, TrainingSet const& set, std::span<std::int32_t const> label,
                    std::int64_t classes);

  /// A read-out of the same classes from the subset `rows` of the set: starts from these parameters and from the
  /// Hessian approximation of the last fit. Classes may be missing in the subset.
  [[nodiscard]] SoftmaxRegression from(RowSet const& rows) const;

  /// Whether the rows have any of this class.
  [[nodiscard]] bool has_class(std::int32_t k) const { return of_class_[static_cast<std::size_t>(k)] > 0; }

  /// Continues from the current parameters; true if the search converged within the step limit.
  bool fit(double penalty, Limits const& limits);

  /// (class, dims + 1): w_k, b_k; padded to whole tiles of classes.
  [[nodiscard]] std::vector<double> const& parameters() const { return parameters_; }

  /// ln p: (row, class), for the rows of a set in their order.
  [[nodiscard]] std::vector<double> log_probabilities(RowSet const& rows) const;

 private:
  struct ForRows;
  class InverseHessian;
  [[nodiscard]] std::shared_ptr<InverseHessian> first_inverse(double penalty) const;
  void count();
  [[nodiscard]] ForRows for_rows(std::vector<double> const& parameters) const;
  double objective(std::vector<double> const& parameters, double penalty, std::vector<double>& gradient) const;

  StandardizedRows const& x_;
  TrainingSet const& set_;
  RowSet const* rows_;
  std::span<std::int32_t const> label_;
  std::int64_t classes_, padded_, dims_;
  std::vector<double> of_class_;  ///< rows of each
  double count_ = 0, curvature_ = 0, penalty_ = 0;
  std::vector<double> parameters_;
  std::shared_ptr<InverseHessian const> learned_;  ///< by the last fit
};

}  // namespace mambasynth::analysis::representation
