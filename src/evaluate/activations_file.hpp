#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "evaluate/encode.hpp"
#include "model/predictor.hpp"
#include "series/scaling.hpp"

namespace mambasynth::evaluate {

/// Labels of the windows' steps; empty if they are not known.
struct Labels {
  std::span<std::int64_t const> circle;  ///< (time)
  std::span<double const> phase;         ///< (time), radians
};

/// Where the windows come from.
struct Origin {
  std::span<std::int64_t const> starts = {};  ///< first step of each; empty: 0, seq_len, 2 seq_len, ...
  series::Scaling scaling = {};               ///< of a standardized recording
};

/// Writes activations.h5: `/activation/{input, layer_<i>}` and `/prediction/h<k>` (window, step, feature or channel),
/// `/state/{circle, phase}` (window, step), and with `gates` `/gate/layer_<i>/{delta, z_gate}` (window, step, inner)
/// and `{B_norm, C_norm}` (window, step). Input and predictions are in the recording's units. Streams: memory is one
/// batch.
void write_activations(std::filesystem::path const& file, model::Predictor const& network, at::Tensor const& series,
                       std::int64_t seq_len, Labels const& labels, bool gates, Origin const& origin = {});

}  // namespace mambasynth::evaluate
