#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dynamics/statistics.hpp"

namespace mambasynth::dynamics {

/// One condition: one way to continue the same samples after the same seeds.
struct Condition {
  std::string name;
  std::span<float const> x;     ///< (sample, step, d)
  double noise_std = 0;         ///< of the noise in every step
  std::vector<char> perturbed;  ///< (step) or empty: 1 if a burst added noise to x
};

struct Input {
  std::int64_t samples = 0, seed_steps = 0, steps = 0;
  std::span<float const> seed;       ///< (sample, seed step, d)
  std::vector<std::int64_t> starts;  ///< (sample) first step of the seed in the series; empty: no two windows overlap
  std::vector<Condition> conditions;
  std::int64_t burst_interval = 0;  ///< steps between bursts of the conditions; 0: none
  /// Conditions to compare, if any: the first with the second.
  std::optional<std::pair<std::size_t, std::size_t>> compared;
};

struct Analysis {
  std::int64_t samples = 0, steps = 0, burst_interval = 0;
  double independent_samples = 0;                      ///< Samples::independent
  std::vector<std::string> names;                      ///< (condition)
  std::vector<std::vector<char>> perturbed;            ///< (condition)
  std::vector<double> limit;                           ///< (condition) largest root mean square distance, noise units
  std::vector<std::vector<Trajectory>> trajectories;   ///< (condition, sample)
  std::vector<Statistics> statistics;                  ///< (condition)
  std::vector<std::vector<std::int64_t>> since_burst;  ///< (condition, steps since a burst began); empty without bursts
  std::optional<Comparison> comparison;
  ProcessLaw law;
};

/// Follows every sample of every condition. Bit-identical for any number of threads.
Analysis analyze(oracle::HiddenProcess const& hidden, Input const& input, config::Generate const& rules, int threads);

}  // namespace mambasynth::dynamics
