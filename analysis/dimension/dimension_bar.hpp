#pragma once

#include <cmath>

#include "analysis/dimension/intrinsic_dimension.hpp"

namespace mambasynth::analysis::dimension {

/// Half the width of an estimate's error bar or band: two standard errors by blocks of time. 0 if only the nominal
/// error is known, since that is a lower bound.
inline double dimension_bar(Estimate const& estimate) {
  return std::isfinite(estimate.se_blocks) ? 2 * estimate.se_blocks : 0;
}

}  // namespace mambasynth::analysis::dimension
