#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "config/field.hpp"

namespace mambasynth::config {

/// The network (Gu & Dao 2023, arXiv:2312.00752, Mamba-1 blocks).
struct Model {
  std::int64_t d_model = 128;
  std::int64_t n_layers = 7;
  std::int64_t d_state = 32;
  std::int64_t d_conv = 4;
  std::int64_t expand = 2;
  std::int64_t d_ff = 512;
  double dropout = 0.1;
  std::int64_t max_horizon = 1;

  static constexpr std::string_view section = "model";
  static constexpr std::string_view title = "network";
  static auto fields() {
    return std::tuple{
        Field{"d_model", &Model::d_model, between(1, most_width), "width of the residual stream"}.own(),
        Field{"n_layers", &Model::n_layers, between(1, 10000), "Mamba blocks"}.own(),
        Field{"d_state", &Model::d_state, between(1, 256), "states per inner channel"}.own(),
        Field{"d_conv", &Model::d_conv, between(2, 8), "taps of the causal convolution"},
        Field{"expand", &Model::expand, between(1, 1000), "inner channels per model channel"},
        Field{"d_ff", &Model::d_ff, between(1, most_width), "hidden width of each output head"},
        Field{"dropout", &Model::dropout, between(0, 0.99), "dropout probability"},
        Field{"max_horizon", &Model::max_horizon, between(1, most_count), "horizons 1, 2, 4, ... up to this one"}.own(),
    };
  }
  [[nodiscard]] std::int64_t d_inner() const { return expand * d_model; }
  [[nodiscard]] std::int64_t dt_rank() const { return (d_model + 15) / 16; }
  /// 1, 2, 4, ... <= max_horizon, and max_horizon itself if it is not a power of two.
  [[nodiscard]] Integers horizons() const;
};

}  // namespace mambasynth::config
