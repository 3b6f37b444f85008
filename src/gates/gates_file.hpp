#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "gates/samples.hpp"
#include "gates/signal_maps.hpp"
#include "gates/statistics.hpp"
#include "provenance/run.hpp"

namespace mambasynth::gates {

struct GatesSource {
  std::string checkpoint, data;
  std::int64_t seq_len = 0;
  provenance::Facts facts;
  double sampling_rate = 0;  ///< Hz, for axes in seconds; 0: in steps
};

/// gates.h5: `/by_condition/{delta, memory, memory_geometric}` (layer, condition) and, if the series has circles,
/// `/around_switch/...` the same (layer, offset), each with `_se`, and `steps`, the number of steps averaged;
/// `/trace/layer_<i>/{delta, B_norm, C_norm}` (sample, step) of the drawn windows and `/sample_start`; with
/// `config.signals` also `/signal/layer_<i>/{delta, z_gate, x_conv}` (sample, step, inner) and `{B, C}` (sample, step,
/// state), and with `maps` what write_signal_maps() adds, circle (time) or empty. Settings as attributes of the root,
/// the origin as attributes of /provenance.
void write_gates(std::filesystem::path const& file, model::Predictor const& network, at::Tensor const& series,
                 Choice const& choice, Statistics const& statistics, config::Gates const& config,
                 GatesSource const& source, SignalMaps const* maps = nullptr,
                 std::span<std::int64_t const> circle = {});

}  // namespace mambasynth::gates
