#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/representation/cross_moments.hpp"

namespace mambasynth::analysis::representation {

/// How the variance of a part is distributed over its principal directions.
struct Spectrum {
  std::vector<double> variance;              ///< eigenvalues of the covariance (divisor rows - 1), descending; (dims)
  std::vector<double> share;                 ///< of the total variance
  std::array<std::int64_t, 3> components{};  ///< fewest directions with 50, 90, 95 % of the variance; 0 without any
  double participation_ratio = 0;            ///< tr(C)^2 / tr(C^2) of the sample: 1 .. dims, too low for few rows
  /// The same, from unbiased estimates of numerator and denominator (unbiased_traces.hpp): also valid for few rows and
  /// many dimensions, where it may exceed dims by chance. Assumes independent rows; if they are dependent, take rows
  /// far enough apart. NaN for fewer than 4 rows or if the estimate of the denominator is not positive.
  double participation_ratio_unbiased = 0;
};

/// Shares and ratios are NaN for constant rows; everything is NaN for fewer than 2 rows.
Spectrum spectrum(CrossMoments const& moments, std::int64_t part = 0);

/// Leading directions of a part. Signs: the loading with the largest absolute value (the first, on ties) is positive,
/// as in scikit-learn since 1.5.
struct PrincipalComponents {
  std::vector<double> mean;       ///< (dims)
  std::vector<double> direction;  ///< (component, dims), length 1
  std::vector<double> variance;   ///< (component), divisor rows - 1, descending

  /// rows: (n, dims). Coordinates along the directions, (n, component); errors::usage for incomplete rows.
  [[nodiscard]] std::vector<double> project(Rows const& rows) const;
};

/// At most `count`, at most dims; errors::usage for count < 1 or fewer than 2 rows, errors::input for NaN or infinity.
PrincipalComponents principal_components(CrossMoments const& moments, std::int64_t count, std::int64_t part = 0);

}  // namespace mambasynth::analysis::representation
