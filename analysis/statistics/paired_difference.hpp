#pragma once

#include <span>

#include "analysis/statistics/interval.hpp"
#include "analysis/statistics/sign_flip.hpp"

namespace mambasynth::analysis::statistics {

/// What two treatments of the same units (seeds) differ by, from one difference per unit.
struct PairedDifference {
  Interval difference;  ///< Student's
  SignFlip sign_flip;
  /// mean / sd of the differences (Cohen's d_z; Cohen 1988, Statistical Power Analysis, section 2.3.5): in units of how
  /// much the difference varies between seeds, not of how much seeds vary. NaN without an interval.
  double effect_size = undefined;
  /// Two-sided, of the paired t test, which agrees with the interval: below 0.05 where that leaves out 0. 0 or 1 if the
  /// differences are all equal; NaN for fewer than two.
  double p_student = undefined;
};

PairedDifference paired_difference(std::span<double const> differences);

}  // namespace mambasynth::analysis::statistics
