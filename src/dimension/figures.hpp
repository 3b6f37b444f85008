#pragma once

#include <filesystem>

#include "analysis/plot/gnuplot.hpp"
#include "dimension/measure.hpp"

namespace mambasynth::dimension {

/// Draws the figure of the verb `dimension`, dimension_estimates, into `folder`: the estimates by number of neighbors;
/// Gride by distance (in units of the noise if that is known), with its plateau marked if there is one; and, for
/// labeled rows, Levina-Bickel of each label. Error bars are two standard errors over stretches of time, if those are
/// known.
void draw_dimension(dimension::Measured const& measured, std::filesystem::path const& folder);

}  // namespace mambasynth::dimension
