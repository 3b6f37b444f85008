#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/labels.hpp"
#include "gates/samples.hpp"
#include "gates/statistics.hpp"

namespace mambasynth::gates {

/// gates_layer<n>_<sample>: circle, channels of the series, delta and the z gate (first 64 inner channels), |B| and
/// |C|, and mean delta over all inner channels. layer counts from 0; circle (step) of this window, or empty; circles in
/// the series. sampling_rate: Hz, for a time axis in seconds; 0: in steps.
void draw_layer(Sample const& sample, std::size_t layer, std::span<std::int64_t const> circle, std::int64_t circles,
                std::filesystem::path const& folder, double sampling_rate = 0,
                analysis::plot::Labels labels = analysis::plot::Labels::circles);

/// gates_summary_<sample>: circle, channels of the series, mean delta of every layer.
void draw_summary(Sample const& sample, std::span<std::int64_t const> circle, std::int64_t circles,
                  std::filesystem::path const& folder, double sampling_rate = 0,
                  analysis::plot::Labels labels = analysis::plot::Labels::circles);

/// gates_statistics: mean delta and typical memory by layer and condition. With switches of the circle also
/// gates_switches: the same step by step around a switch, one row of panels per layer, with a line at the level of the
/// steps away from switches. Bars and bands are two standard errors.
void draw_statistics(Statistics const& statistics, std::filesystem::path const& folder);

}  // namespace mambasynth::gates
