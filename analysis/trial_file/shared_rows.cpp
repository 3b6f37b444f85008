#include "analysis/trial_file/shared_rows.hpp"

#include <fmt/format.h>

#include <set>

#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

namespace layout = trial_layout;

/// Layers of the same width share their scale.
std::string feature_scale(std::int64_t features) { return fmt::format("{}feature_{}", layout::shared, features); }

}  // namespace

void write_shared_rows(store::Hdf5Writer& h5, std::vector<std::string> const& layers, SharedRows const& shared) {
  if (shared.step.empty()) return;
  h5.scale<std::int64_t>(layout::shared_step, shared.step, {"step of the series", "step"});
  std::set<std::int64_t> known;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto const& rows = shared.layers[l];
    auto const features = feature_scale(rows.features);
    if (known.insert(rows.features).second) h5.counting_scale(features, 0, rows.features, {"feature", "1"});
    h5.dataset<float>(layout::shared + layers[l], rows.values, {layout::shared_step, features}, {"activations", "1"},
                      store::Compression::none);
  }
}

SharedLayers read_shared_layers(std::filesystem::path const& file) {
  store::Hdf5Reader const h5(file);
  if (!h5.exists(layout::shared_step)) return {};
  return {h5.read<std::int64_t>(layout::shared_step), h5.read_text(layout::layer)};
}

LayerRows read_shared_rows(std::filesystem::path const& file, std::string const& layer) {
  store::Hdf5Reader const h5(file);
  auto const path = layout::shared + layer;
  auto const shape = h5.shape(path);
  if (auto const steps = h5.shape(layout::shared_step);
      shape.size() != 2 || steps.size() != 1 || shape[0] != steps.front())
    throw errors::input(file.string() + " cannot be used as a trial",
                        fmt::format("{} does not have a row for each step of {}", path, layout::shared_step),
                        "Remove it and run the sweep again");
  return {shape[1], h5.read<float>(path)};
}

}  // namespace mambasynth::analysis::trial_file
