#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "store/archive/tensor.hpp"

namespace mambasynth::store::safetensors {

struct File {
  std::vector<std::pair<std::string, Tensor>> tensors;        ///< in file order
  std::vector<std::pair<std::string, std::string>> metadata;  ///< the header's __metadata__
};

/// Errors: errors::input (truncated, overlapping or out-of-range offsets, unknown dtype).
File load(std::filesystem::path const& file);
void save(std::filesystem::path const& file, File const& content);

}  // namespace mambasynth::store::safetensors
