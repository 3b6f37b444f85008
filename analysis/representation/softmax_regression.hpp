#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/representation/standardised_rows.hpp"

namespace mambasynth::analysis::representation {

/// p(k | x) = softmax_k(w_k . x + b_k), with the least mean of -ln p(label) + penalty / 2 sum |w_k|^2, intercepts free.
/// L-BFGS (Liu & Nocedal 1989, Math. Program. 45:503) whose first matrix is the inverse of a Hessian with one curvature
/// for all rows and classes (Boehning 1992, Ann. Inst. Stat. Math. 44:197); deterministic, on the calling thread.
class SoftmaxRegression {
 public:
  struct Limits {
    double decrease = 1e-6;  ///< of the objective, nats, expected of the next step: less than that ends the search
    int steps = 300;
  };

  /// correlation: (dims, dims) of x, which has mean 0; label: 0 .. classes - 1 for each row of x, each at least once,
  /// classes > 1. Starts from the labels' shares and no weights.
  SoftmaxRegression(StandardisedRows const& x, std::vector<double> correlation, std::span<std::int32_t const> label,
                    std::int64_t classes);

  /// From the last parameters on; true when the search ended within the limit of steps.
  bool fit(double penalty, Limits const& limits);

  /// (class, dims + 1): w_k, b_k; filled up to whole tiles of classes.
  [[nodiscard]] std::vector<double> const& parameters() const { return parameters_; }

  /// ln p: (classes, rows) of other rows under the same scale.
  [[nodiscard]] std::vector<double> log_probabilities(StandardisedRows const& x) const;

 private:
  double objective(std::vector<double> const& parameters, double penalty, std::vector<double>& gradient) const;

  StandardisedRows const& x_;
  std::vector<double> correlation_;
  std::span<std::int32_t const> label_;
  std::int64_t classes_, padded_, dims_;
  double curvature_ = 0;
  std::vector<double> parameters_;
};

}  // namespace mambasynth::analysis::representation
