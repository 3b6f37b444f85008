#pragma once

#include <filesystem>

#include "analysis/plot/gnuplot.hpp"
#include "dimension/measure.hpp"

namespace mambasynth::dimension {

/// The dimension verb's figure dimension_estimates in `folder`: the estimates by number of neighbours; Gride by
/// distance (in units of the noise where that is known), its plateau marked where there is one; and, of labelled rows,
/// Levina-Bickel of each label. Errors are two standard errors by stretches of time, where those are known.
void draw_dimension(dimension::Measured const& measured, std::filesystem::path const& folder);

}  // namespace mambasynth::dimension
