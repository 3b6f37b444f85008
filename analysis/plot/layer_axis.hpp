#pragma once

#include <string>
#include <vector>

#include "analysis/plot/curves.hpp"

namespace mambasynth::analysis::plot {

/// "layer_3" as "3": the axis says what it is.
std::string short_layer(std::string const& layer);

/// A figure without panels whose x axis has one tick for each layer.
Curves over_layers(std::string const& name, std::string const& legend_title, std::vector<std::string> const& layers);

}  // namespace mambasynth::analysis::plot
