#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/cases.hpp"
#include "model/network.hpp"

namespace mambasynth::bench {

/// Of every random number that is timed.
inline constexpr std::uint64_t timed_seed = 42;
/// A network of these sizes with its initial weights.
model::Network network_of(Sizes const& sizes);
/// Normal random numbers on the processor.
at::Tensor noise(std::vector<std::int64_t> const& shape);
/// What a report says of a whole network's sizes.
std::vector<std::pair<std::string, std::int64_t>> model_shape(Sizes const& sizes);
/// To be timed: with these sizes, and a batch's tokens a run.
Result model_result(std::string const& name, Sizes const& sizes);

}  // namespace mambasynth::bench
