#pragma once

#include <cstddef>
#include <string>

#include "progress/tracker.hpp"

/// The texts of a display, without any terminal.
namespace mambasynth::progress {

/// "[######..................]". `share`: from 0 to 1.
std::string bar(double share, std::size_t width = 24);

/// The line that a terminal of so many columns shows: "[######....] stage 2 of 8: probes, 60 %, 12 fits/s, 8 s left".
/// Leaves out what does not fit.
std::string bar_line(Snapshot const& snapshot, std::size_t columns);

/// The line for a log: "evaluate: stage 2 of 8, probes: 90 of 150 fits (60 %), 12 fits/s, about 8 s left".
std::string log_line(Snapshot const& snapshot);

}  // namespace mambasynth::progress
