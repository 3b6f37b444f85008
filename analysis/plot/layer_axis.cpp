#include "analysis/plot/layer_axis.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace mambasynth::analysis::plot {

std::string short_layer(std::string const& layer) {
  constexpr std::string_view prefix = "layer_";
  return layer.starts_with(prefix) ? layer.substr(prefix.size()) : layer;
}

Axis layer_axis(std::vector<std::string> const& layers) {
  std::vector<std::string> names;
  std::transform(layers.begin(), layers.end(), std::back_inserter(names), [](std::string const& layer) {
    // In full, they would touch the layers beside them in a narrow panel.
    return layer == "input" ? "in" : layer == "output" ? "out" : short_layer(layer);
  });
  return named_axis("Layer", names);
}

}  // namespace mambasynth::analysis::plot
