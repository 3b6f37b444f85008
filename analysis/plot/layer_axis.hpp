#pragma once

#include <string>
#include <vector>

#include "analysis/plot/axis.hpp"

namespace mambasynth::analysis::plot {

/// "layer_3" as "3": the axis says what it is.
std::string short_layer(std::string const& layer);

/// One tick for each layer, at 0, 1, ...: "in", "1", ..., "out".
Axis layer_axis(std::vector<std::string> const& layers);

}  // namespace mambasynth::analysis::plot
