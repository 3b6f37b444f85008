#include "analysis/trial_file/layer_measures.hpp"

#include <algorithm>
#include <cstdint>

#include "analysis/trial_file/columns.hpp"
#include "analysis/trial_file/estimator_columns.hpp"
#include "analysis/trial_file/trial_layout.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

namespace layout = trial_layout;
using store::Hdf5Writer;

void write_layers(Hdf5Writer& h5, std::vector<std::string> const& layers) {
  h5.text_scale(layout::layer, layers, {"input, then the residual stream after each block, then the prediction", "1"});
}

void write_neighbor_scales(Hdf5Writer& h5, std::vector<dimension::DimensionEstimates> const& layers) {
  scale(h5, layout::k, layers.front().k, {"neighbors", "1"});
  if (!layers.front().n1.empty())
    scale(h5, layout::n1, layers.front().n1, {"nearer neighbor of Gride; the farther one is 2 n1", "1"});
}

/// Layers differ in width; 0 if spectra were not measured.
std::size_t most_components(std::vector<LayerActivation> const& layers) {
  std::size_t most = 0;
  for (auto const& layer : layers) most = std::max(most, layer.spectrum.size());
  return most;
}

void write_activation(Hdf5Writer& h5, std::string const& group, std::vector<LayerActivation> const& layers,
                      std::size_t count) {
  for (auto const& measure : activation_measures) {
    std::vector<double> values;
    for (auto const& layer : layers) values.push_back(layer.*measure.value);
    column(h5, group + std::string(measure.name), values, count, {layout::layer}, {std::string(measure.meaning), "1"});
  }
  auto const components = most_components(layers);
  if (components == 0) return;
  std::vector<double> spectra;
  for (auto layer : layers) {
    layer.spectrum.resize(components, std::numeric_limits<double>::quiet_NaN());
    spectra.insert(spectra.end(), layer.spectrum.begin(), layer.spectrum.end());
  }
  column(h5, group + layout::spectrum_name, spectra, count * components, {layout::layer, layout::component},
         {"share of the variance along a principal direction; NaN past the layer's width", "1"});
}

}  // namespace

void write_layer_measures_under(Hdf5Writer& h5, std::string const& group, LayerMeasures const& measures) {
  if (!measures.dimension.empty())
    write_estimates(h5, group + layout::dimension_name, measures.dimension, {layout::layer});
  if (!measures.activation.empty())
    write_activation(h5, group + layout::activation_name, measures.activation, measures.layers.size());
}

void write_layer_measures(Hdf5Writer& h5, LayerMeasures const& measures) {
  if (!measures.layers.empty()) write_layers(h5, measures.layers);
  if (!measures.dimension.empty()) write_neighbor_scales(h5, measures.dimension);
  if (auto const components = most_components(measures.activation); components > 0)
    h5.counting_scale(layout::component, 1, static_cast<std::int64_t>(components),
                      {"principal direction, counted from 1", "1"});
  write_layer_measures_under(h5, "/", measures);
}

}  // namespace mambasynth::analysis::trial_file
