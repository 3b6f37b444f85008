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

/// Between the host's plain arrays (store) and LibTorch; to_torch gives a copy of its own.
at::Tensor to_torch(store::Tensor const& tensor);
store::Tensor to_store(at::Tensor const& tensor);

using NamedTensors = std::vector<std::pair<std::string, store::Tensor>>;

/// The weights in a .pt (a training checkpoint, a bare state dict, or a dict that holds one under any key) or
/// .safetensors file, with names brought up to date: the original's older `output_proj.` is read as `output_heads.1.`,
/// what wrappers add (`_orig_mod.`, `module.`, ...) is left out wherever it stands, as is what stands before all names
/// (`model.`). Errors: errors::input where that leaves a choice.
struct WeightsFile {
  NamedTensors weights;
  store::pt::Value checkpoint;  ///< the whole .pt dict; empty for safetensors
};
WeightsFile read_weights(std::filesystem::path const& file);

/// The architecture that a checkpoint's args (or, without args, its tensors' shapes) name. `dropout` is 0 where absent.
/// Errors: errors::input naming the tensor or key that is missing or contradicts.
config::Model architecture_of(WeightsFile const& file, std::string const& name);
/// Channels of the series, from input_proj.weight.
std::int64_t channels_of(WeightsFile const& file, std::string const& name);

/// Copies weights into the network; every parameter must be there with its shape, and nothing else.
/// Errors: errors::input naming the first tensor that is missing, left over, or of another shape.
void load_state(Network& network, NamedTensors const& weights, std::string const& file);
NamedTensors state_of(Network const& network);

/// A network rebuilt from a checkpoint, for evaluation.
struct LoadedNetwork {
  Network network;
  WeightsFile file;
};
LoadedNetwork load_network(std::filesystem::path const& file);

}  // namespace mambasynth::model
