#include "analysis/layer_measures.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "analysis/columns.hpp"
#include "analysis/trial_layout.hpp"

namespace mambasynth::analysis {
namespace {

namespace layout = trial_layout;
using store::Hdf5Writer;

void write_layers(Hdf5Writer& h5, std::vector<std::string> const& layers) {
  h5.text_scale(layout::layer, layers, {"input, then the residual stream after each block, then the prediction", "1"});
}

/// An estimator's values and errors, (layer) or (layer, entry of `scale`).
template <class OfLayer>
void write_estimator(Hdf5Writer& h5, std::string const& name, std::vector<DimensionEstimates> const& layers,
                     std::size_t entries, std::vector<std::string> const& dims, OfLayer of_layer) {
  std::vector<double> value;
  std::vector<double> se;
  for (auto const& layer : layers) {
    for (auto const& estimate : of_layer(layer)) {
      value.push_back(estimate.value);
      se.push_back(estimate.se);
    }
  }
  column(h5, layout::dimension + name, value, layers.size() * entries, dims, {"intrinsic dimension, " + name, "1"});
  column(h5, layout::dimension + name + "_se", se, layers.size() * entries, dims, {"nominal standard error", "1"});
}

void write_dimension(Hdf5Writer& h5, std::vector<DimensionEstimates> const& layers) {
  auto const& first = layers.front();
  for (auto const& layer : layers) {
    if (layer.k != first.k || layer.n1 != first.n1) {
      throw std::invalid_argument("trial file: layers were measured at different k or n1");
    }
  }
  scale(h5, layout::k, first.k, {"neighbours", "1"});
  auto const by_k = [&](std::string const& name, auto of_layer) {
    write_estimator(h5, name, layers, first.k.size(), {layout::layer, layout::k}, of_layer);
  };
  by_k("levina_bickel_original", [](auto const& layer) { return layer.levina_bickel_original; });
  by_k("levina_bickel", [](auto const& layer) { return layer.levina_bickel; });
  by_k("mackay_ghahramani", [](auto const& layer) { return layer.mackay_ghahramani; });
  write_estimator(h5, "two_nn_ml", layers, 1, {layout::layer},
                  [](auto const& layer) { return std::vector{layer.two_nn_ml}; });
  write_estimator(h5, "two_nn_ls", layers, 1, {layout::layer},
                  [](auto const& layer) { return std::vector{layer.two_nn_ls}; });
  if (!first.n1.empty()) {
    scale(h5, layout::n1, first.n1, {"nearer neighbour of Gride, the farther is 2 n1", "1"});
    write_estimator(h5, layout::estimator_by_n1, layers, first.n1.size(), {layout::layer, layout::n1},
                    [](auto const& layer) { return layer.gride; });
  }
  std::vector<std::int64_t> duplicates;
  for (auto const& layer : layers) duplicates.push_back(layer.duplicates);
  column(h5, std::string(layout::dimension) + "duplicates", duplicates, layers.size(), {layout::layer},
         {"rows at distance 0 from another", "1"});
}

void write_activation(Hdf5Writer& h5, std::vector<LayerActivation> const& layers, std::size_t count) {
  auto const add = [&](std::string const& name, double LayerActivation::*member, char const* meaning) {
    std::vector<double> values;
    for (auto const& layer : layers) values.push_back(layer.*member);
    column(h5, layout::activation + name, values, count, {layout::layer}, {meaning, "1"});
  };
  add("mean", &LayerActivation::mean, "mean over rows and features");
  add("std", &LayerActivation::std, "standard deviation over rows and features");
  add("participation_ratio", &LayerActivation::participation_ratio, "tr(C)^2 / tr(C^2) of the covariance of the features");
}

}  // namespace

void write_layer_measures(Hdf5Writer& h5, LayerMeasures const& measures) {
  if (!measures.layers.empty()) write_layers(h5, measures.layers);
  if (!measures.dimension.empty()) write_dimension(h5, measures.dimension);
  if (!measures.activation.empty()) write_activation(h5, measures.activation, measures.layers.size());
}

}  // namespace mambasynth::analysis
