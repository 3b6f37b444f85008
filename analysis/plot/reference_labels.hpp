#pragma once

#include <string>
#include <vector>

#include "analysis/plot/panel.hpp"

/// Names of references: at the right edge of a panel, or above it where they are off its scale.
namespace mambasynth::analysis::plot {

/// "Off scale: shuffled features 45–47 ↑", in lines no wider than `width`; none if all are on the scale.
std::vector<std::string> off_scale_lines(Panel const& panel, double width);

/// What the names of references and the remarks need at the right of the frame; 0 without any.
double right_label_width(Panel const& panel);
/// Draws them; where they would touch, moves them apart and draws lines to where they belong.
std::string right_label_commands(Panel const& panel, Frame const& frame, Paper const& paper);

}  // namespace mambasynth::analysis::plot
