#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "model/network.hpp"
#include "store/archive/pt.hpp"
#include "store/archive/tensor.hpp"

namespace mambasynth::model {

/// Conversions between plain arrays on the host (store) and LibTorch; to_torch returns a copy.
at::Tensor to_torch(store::Tensor const& tensor);
store::Tensor to_store(at::Tensor const& tensor);

using NamedTensors = std::vector<std::pair<std::string, store::Tensor>>;

/// The weights in a .pt (a training checkpoint, a bare state dict, or a dict that holds one under any key) or
/// .safetensors file, under current names: the original's older `output_proj.` is read as `output_heads.1.`; the
/// prefixes of wrappers (`_orig_mod.`, `module.`, ...) are removed wherever they occur, as is a prefix common to all
/// names (`model.`). Errors: errors::input if the result is ambiguous.
struct WeightsFile {
  NamedTensors weights;
  store::pt::Value checkpoint;  ///< the whole .pt dict; empty for safetensors
};
WeightsFile read_weights(std::filesystem::path const& file);

/// The architecture that the shapes of a checkpoint's tensors imply; `dropout` is 0. Errors: errors::input naming the
/// tensor that is missing or inconsistent.
config::Model architecture_of(WeightsFile const& file, std::string const& name);
/// Channels of the series, from input_proj.weight.
std::int64_t channels_of(WeightsFile const& file, std::string const& name);

/// Copies weights into the network; the file must hold every parameter in its shape, and nothing else.
/// Errors: errors::input naming the first tensor that is missing, unexpected, or of another shape.
void load_state(Network& network, NamedTensors const& weights, std::string const& file);
NamedTensors state_of(Network const& network);

/// A network rebuilt from a checkpoint, for evaluation.
struct LoadedNetwork {
  Network network;
  WeightsFile file;
};
LoadedNetwork load_network(std::filesystem::path const& file);

}  // namespace mambasynth::model
