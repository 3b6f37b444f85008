#pragma once

#include <cstdint>
#include <vector>

#include "config/config.hpp"

namespace mambasynth::generate {

/// First steps of the windows that samples start from: windows of seed_len + gen_len steps at multiples of seed_len, of
/// which default_rng(seed).choice takes n_samples (all when there are fewer); with seed_offset that one window.
/// Errors: errors::input (series shorter than a window), errors::usage (no window of that number).
std::vector<std::int64_t> sample_starts(std::int64_t n_steps, config::Generate const& config);

/// The noise of every sample, drawn before anything is generated.
struct Noise {
  std::vector<float> output;        ///< (sample, step, channel); empty: none
  std::vector<std::int32_t> burst;  ///< (step): number of the perturbed step or -1; empty: no noise inside
  std::int64_t bursts = 0;
  std::vector<float> hidden;  ///< (sample, burst, layer, feature)
};
struct NoiseShape {
  std::int64_t samples, channels, layers, features;
};
/// Sample i draws from numpy's default_rng([seed, i + 1]), step by step: temperature (channel), then, where a burst is
/// on, its noise (channel), or inside (layer, feature) of the layers that it reaches.
/// A burst starts at each multiple of perturb_interval but 0 and lasts perturb_duration steps.
/// Bursts::left_out draws the bursts all the same and drops them, so that the temperature's noise is that of
/// Bursts::applied.
enum class Bursts { applied, left_out };
Noise draw_noise(NoiseShape const& shape, config::Generate const& config, Bursts bursts = Bursts::applied);

/// (step): 1 where a burst's noise is in a generated step itself; inside the network it is in the step behind. Empty
/// where no step is.
std::vector<char> perturbed_steps(config::Generate const& config);

}  // namespace mambasynth::generate
