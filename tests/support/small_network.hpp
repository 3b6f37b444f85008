#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include <cstdint>

#include "model/network.hpp"

namespace mambasynth::tests {

/// Two narrow layers with initial weights; heads for horizons 1, 2, ... up to `max_horizon`.
inline model::Network small_network(std::int64_t channels, std::int64_t max_horizon) {
  config::Model config;
  config.d_model = 16;
  config.n_layers = 2;
  config.d_state = 4;
  config.d_ff = 8;
  config.max_horizon = max_horizon;
  return model::untrained_network(config, channels, 1);
}

}  // namespace mambasynth::tests
