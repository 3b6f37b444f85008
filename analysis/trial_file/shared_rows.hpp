#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// One layer's activations, in single precision.
struct LayerRows {
  std::int64_t features = 0;
  std::vector<float> values;  ///< (row, feature)
};

/// Activations of every layer at the same few steps of the series, kept so that trials can be compared with each other.
struct SharedRows {
  std::vector<std::int64_t> step;  ///< (row), of the series, ascending
  std::vector<LayerRows> layers;
};

/// The group /shared: the scale step (row), and <layer> (row, feature) for each name of `layers`. Writes nothing
/// without rows.
void write_shared_rows(store::Hdf5Writer& h5, std::vector<std::string> const& layers, SharedRows const& shared);

/// What can be read of them, layer by layer; empty if the file has none.
struct SharedLayers {
  std::vector<std::int64_t> step;   ///< (row)
  std::vector<std::string> layers;  ///< names, from the input to the output
};

/// Both: errors::input naming the trial.h5 and what is wrong with it.
SharedLayers read_shared_layers(std::filesystem::path const& file);
LayerRows read_shared_rows(std::filesystem::path const& file, std::string const& layer);

}  // namespace mambasynth::analysis::trial_file
