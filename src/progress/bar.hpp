#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "progress/tracker.hpp"

/// The texts of a display, without any terminal.
namespace mambasynth::progress {

/// "[######..................]". `share`: from 0 to 1.
std::string bar(double share, std::size_t width = 24);

/// A bar and the first of `texts` for which a terminal of so many columns has room, or, cut to fit, the last without a
/// bar.
std::string bar_line(double share, std::vector<std::string> const& texts, std::size_t columns);

/// The line that a terminal of so many columns shows: "[######....] stage 2 of 8: probes, 60 %, 12 fits/s, 8 s left".
/// Leaves out what does not fit.
std::string bar_line(Snapshot const& snapshot, std::size_t columns);

/// The line for a log: "evaluate: stage 2 of 8, probes: 90 of 150 fits (60 %), 12 fits/s, about 8 s left".
std::string log_line(Snapshot const& snapshot);

}  // namespace mambasynth::progress
