#pragma once

#include <cstdint>
#include <vector>

#include "config/config.hpp"
#include "series/windows.hpp"

namespace mambasynth::generate {

/// First steps of the samples' windows: windows of seed_len + gen_len steps at multiples of seed_len, of which
/// default_rng(seed).choice draws n_samples (all if there are fewer); with seed_offset, only that one. Errors:
/// errors::input (a segment shorter than a window), errors::usage (no window of that number).
std::vector<std::int64_t> sample_starts(series::Segments const& series, config::Generate const& config);

/// The noise of all samples, drawn before anything is generated.
struct Noise {
  std::vector<float> output;        ///< (sample, step, channel); empty: none
  std::vector<std::int32_t> burst;  ///< (step): number of the perturbed step or -1; empty: no noise inside
  std::int64_t bursts = 0;
  std::vector<float> hidden;  ///< (sample, burst, layer, feature)
};
struct NoiseShape {
  std::int64_t samples, channels, layers, features;
};
/// Sample i draws from numpy's default_rng([seed, i + 1]), step by step: temperature noise (channel), then, during a
/// burst, its noise (channel), or for bursts inside the network (layer, feature) of the layers that it reaches. A burst
/// starts at each multiple of perturb_interval except 0 and lasts perturb_duration steps. Bursts::left_out draws the
/// bursts and discards them, so that the temperature noise equals that of Bursts::applied.
enum class Bursts { applied, left_out };
Noise draw_noise(NoiseShape const& shape, config::Generate const& config, Bursts bursts = Bursts::applied);

/// The steps at which a burst begins.
std::vector<std::int64_t> burst_starts(config::Generate const& config);

/// (step): 1 if a generated step itself contains a burst's noise; noise inside the network shows in the next step.
/// Empty if no step does.
std::vector<char> perturbed_steps(config::Generate const& config);

}  // namespace mambasynth::generate
