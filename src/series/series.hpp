#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "series/process.hpp"
#include "series/stream.hpp"

namespace mambasynth::series {

/// A whole series in memory. N steps, d channels.
struct Series {
  Process process;  ///< of a foreign series, only circles, channels and what its file holds
  std::int64_t n_steps = 0;
  std::vector<double> x;             ///< (N, d) row-major
  std::vector<std::int64_t> circle;  ///< (N), empty in a foreign file without states
  std::vector<double> phase;         ///< (N), empty in a foreign file without angles

  [[nodiscard]] std::int64_t channels() const { return process.channels; }
};

/// The series of a configuration (its path_seed, its n_steps), bit-identical to the original's if path_seed = seed.
Series generate(config::Data const& data, int threads = 1);

/// The series as models read it: x rounded to the nearest float, otherwise unchanged.
std::vector<float> to_float32(std::span<double const> x);

}  // namespace mambasynth::series
