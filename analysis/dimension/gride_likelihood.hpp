#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dimension/estimator.hpp"

/// Private to this room: the likelihood of Gride and, at n1 = 1, of TwoNN.
namespace mambasynth::analysis::dimension {

/// The ratios that are defined. ratio: (point), ln(T_2n1/T_n1), NaN where a point has none.
std::vector<double> defined(std::span<double const> ratio);

/// The derivative of the log-likelihood with respect to d, and minus the second derivative, over all points.
struct Slope {
  double value = 0, information = 0;
};

class GrideLikelihood {
 public:
  /// `ratios` must outlive this.
  GrideLikelihood(std::vector<double> const& ratios, std::int64_t n1, int threads);

  [[nodiscard]] bool has_root() const { return sum_ > 0 && n_ >= 2; }
  [[nodiscard]] Slope slope(double d) const;
  /// The maximum. The slope falls strictly, so there is only one root, and its bracket bounds Newton's steps.
  [[nodiscard]] double root() const;
  /// The same, starting from a guess.
  [[nodiscard]] double root_near(double guess) const;
  /// One ratio's part of the slope.
  [[nodiscard]] double score(double ratio, double d) const;

 private:
  /// Below the root: where the slope without its positive part is 0.
  [[nodiscard]] double start() const { return (n_ - 1) / (outer_ * sum_); }

  std::vector<double> const& ratios_;
  double n_, outer_, inner_, sum_ = 0;
  int threads_;
};

/// How each point moves the maximum. `at`: the ratio's entry in PointTerms; `estimate`: the maximum.
Influence influence_on_root(PointTerms const& terms, std::size_t at, double estimate, NeighborLists const& lists);

}  // namespace mambasynth::analysis::dimension
