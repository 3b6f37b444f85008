#pragma once

#include <filesystem>

#include "analysis/figures/gnuplot.hpp"
#include "series/digest.hpp"

namespace mambasynth::figures {

/// The data verb's figures, in `folder`: markov_circles_timeseries (circle over time, transition matrix, periods) and
/// sample_window_0, _1, _2 (3000 steps at start, middle and end: circles above a heat map of the channels; of a shorter
/// series, all of it). Outcome::gnuplot_missing when only scripts and data could be written.
Outcome draw_series(series::Digest const& digest, std::filesystem::path const& folder);

}  // namespace mambasynth::figures
