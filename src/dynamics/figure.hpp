#pragma once

#include <filesystem>

#include "analysis/plot/gnuplot.hpp"
#include "dynamics/analyze.hpp"

namespace mambasynth::dynamics {

/// In `folder`: generation_dynamics, a strip of decoded circles for each of up to eight samples and each condition
/// (gray: no circle; triangles: bursts; crosses: first failure), and generation_statistics: lengths of complete visits
/// and the process's law, distance to the nearest circle over time, the share of samples without failure over time.
void draw_dynamics(Analysis const& analysis, std::filesystem::path const& folder);

}  // namespace mambasynth::dynamics
