#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/cases.hpp"
#include "model/network.hpp"

namespace mambasynth::bench {

/// Seed of all random numbers.
inline constexpr std::uint64_t timed_seed = 42;
/// A network of these sizes with its initial weights.
model::Network network_of(Sizes const& sizes);
/// Normal random numbers on the CPU.
at::Tensor noise(std::vector<std::int64_t> const& shape);
/// The sizes of a whole network for the report.
std::vector<std::pair<std::string, std::int64_t>> model_shape(Sizes const& sizes);
/// An empty result with these sizes, which counts a batch's tokens per run.
Result model_result(std::string const& name, Sizes const& sizes);

}  // namespace mambasynth::bench
