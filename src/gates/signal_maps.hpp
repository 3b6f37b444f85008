#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "analysis/embedding/umap.hpp"
#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/labels.hpp"
#include "config/config.hpp"
#include "model/predictor.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::gates {

/// The signals of every layer that are embedded, with their names in gates.h5 and in the figures.
struct MappedSignal {
  char const* name;
  char const* figure;
  char const* what;
  at::Tensor model::GateSignals::* member;
};
inline constexpr std::array<MappedSignal, 5> mapped_signals{{
    {"delta", "gates_umap_delta", "step size delta", &model::GateSignals::delta},
    {"z_gate", "gates_umap_zgate", "output gate silu(z)", &model::GateSignals::z_gate},
    {"B", "gates_umap_B", "input matrix B", &model::GateSignals::B},
    {"C", "gates_umap_C", "output matrix C", &model::GateSignals::C},
    {"x_conv", "gates_umap_xconv", "input of the scan, after convolution and SiLU", &model::GateSignals::x_conv},
}};

/// Gate signals of every layer embedded in the plane, at the same steps of the series.
struct SignalMaps {
  std::vector<std::int64_t> time;               ///< (point), steps of the series, ascending
  std::vector<std::int64_t> dims;               ///< (signal), channels or states that were embedded
  std::vector<analysis::embedding::Umap> maps;  ///< (signal, layer)
  std::int64_t layers = 0;

  [[nodiscard]] std::span<analysis::embedding::Umap const> of(std::size_t signal) const {
    return std::span(maps).subspan(signal * static_cast<std::size_t>(layers), static_cast<std::size_t>(layers));
  }
};

/// Cuts the series into windows of seq_len steps from step 0, without overlap and without the tail; of their steps
/// default_rng(42).choice draws config.umap_points (all if there are fewer). Memory: those steps of every signal (250
/// MB for seven layers of 256 channels).
/// Errors: errors::input (series shorter than a window). series (time, channel) fp32.
SignalMaps map_signals(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                       config::Gates const& config, int threads);

/// gates_umap_{delta, zgate, B, C, xconv} in `folder`: one panel per layer, colored by circle; circle (time) or empty.
void draw_signal_maps(SignalMaps const& maps, std::span<std::int64_t const> circle, std::int64_t circles,
                      std::filesystem::path const& folder,
                      analysis::plot::Labels labels = analysis::plot::Labels::circles);

/// `/umap/{delta, z_gate, B, C, x_conv}` (layer, point, axis), the start of each layout in `_start` (layer, text),
/// `/umap/time` and, if known, `/umap/circle` (point), settings as attributes of /umap. The scale /layer must exist.
void write_signal_maps(store::Hdf5Writer& h5, SignalMaps const& maps, std::span<std::int64_t const> circle,
                       config::Gates const& config);

}  // namespace mambasynth::gates
