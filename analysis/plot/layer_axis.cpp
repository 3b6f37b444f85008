#include "analysis/plot/layer_axis.hpp"

#include <string_view>

namespace mambasynth::analysis::plot {

std::string short_layer(std::string const& layer) {
  constexpr std::string_view prefix = "layer_";
  return layer.starts_with(prefix) ? layer.substr(prefix.size()) : layer;
}

Curves over_layers(std::string const& name, std::string const& legend_title, std::vector<std::string> const& layers) {
  Curves figure{.name = name, .legend_title = legend_title, .xlabel = "layer", .x = {}, .ticks = {}, .panels = {}};
  for (auto const& layer : layers) {
    figure.x.push_back(static_cast<double>(figure.x.size()));
    figure.ticks.push_back(short_layer(layer));
  }
  return figure;
}

}  // namespace mambasynth::analysis::plot
