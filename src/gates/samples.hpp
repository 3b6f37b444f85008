#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "config/config.hpp"
#include "model/predictor.hpp"
#include "series/windows.hpp"

namespace mambasynth::gates {

/// Steps that the network processes at once: at the documented width their signals take about 350 MB.
inline constexpr std::int64_t batch_steps = 16384;

/// A window of the series and the gate signals of the blocks on it.
struct Sample {
  std::int64_t number = 0;                 ///< among the drawn ones, from 0
  std::int64_t start = 0;                  ///< first step in the series
  at::Tensor x;                            ///< (step, channel)
  std::vector<model::GateSignals> layers;  ///< each (1, step, ...)
};

/// The drawn windows, in the order in which they were drawn.
struct Choice {
  std::vector<std::int64_t> numbers, starts;
};

/// Windows of seq_len steps at multiples of seq_len / 2, of which default_rng(seed).choice draws n_samples (all if
/// there are fewer); with `sample`, only that one. Errors: errors::input (series shorter than a window), errors::usage
/// (no sample of that number).
Choice choose_samples(series::Segments const& series, std::int64_t seq_len, config::Gates const& config);

/// Errors: errors::usage if the network has no layer number `config.layer`.
void require_layer(config::Gates const& config, std::int64_t n_layers);

/// Passes each sample to `visit`, with one in memory at a time. series: (time, channel).
void for_each_sample(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                     Choice const& choice, std::function<void(Sample const&)> const& visit);

}  // namespace mambasynth::gates
