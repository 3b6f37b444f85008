#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "random/numpy_generator.hpp"

namespace mambasynth::series {

/// What is fixed before the path is drawn: circles in R^d around the origin (where a drift starts), each in its own
/// plane, and the Markov chain that visits them for whole revolutions. n circles, d channels. Angles in radians,
/// periods in steps.
struct Process {
  std::int64_t circles = 0;
  std::int64_t channels = 0;
  std::vector<double> radius;             ///< (n)
  std::vector<double> entry_angle;        ///< (n), at which each visit starts, in [0, 2 pi)
  std::vector<std::int64_t> period;       ///< (n), steps of a revolution
  std::vector<double> plane;              ///< (n, 2, d), orthonormal pairs v1, v2
  std::vector<double> transition_matrix;  ///< (n, n), rows sum to 1, zero diagonal except for n = 1
  double noise_std = 0;
  double drift_std = 0;  ///< per step of each center's random walk from the origin; 0: centers do not move
  double dwell_mean = 0;
  double dwell_std = 0;

  [[nodiscard]] std::span<double const> axis(std::int64_t circle, std::int64_t which) const {
    return std::span(plane).subspan(static_cast<std::size_t>((2 * circle + which) * channels),
                                    static_cast<std::size_t>(channels));
  }
  [[nodiscard]] std::span<double const> transitions_from(std::int64_t circle) const {
    return std::span(transition_matrix)
        .subspan(static_cast<std::size_t>(circle * circles), static_cast<std::size_t>(circles));
  }
  [[nodiscard]] double step_angle(std::int64_t circle) const;  ///< 2 pi / period
};

/// The process of a configuration. Three generators start from the same data.seed, as in the original: radii and
/// planes, transition matrix, entry angles. Errors: errors::usage if a key is out of bounds.
Process make_process(config::Data const& data);

/// (n, n) row-major. A ring: one edge to each neighbor, weight 1. Then shortcuts of weight uniform(0.3, 0.8): the
/// original's sixteen pairs (i, j) of ten circles, repeated for every further ten as (10 b + i, 10 b + j), block by
/// block; a pair is skipped, without a draw, if one of its ends does not exist or the ring already has that edge. Rows
/// are divided by their sum. n = 10 is the original's matrix; n = 1 never leaves its circle; n = 2 alternates.
std::vector<double> transition_matrix(std::int64_t circles, random::NumpyGenerator& generator);

/// trunc(linspace(first, last, n)) as NumPy computes it.
std::vector<std::int64_t> spaced_periods(std::int64_t first, std::int64_t last, std::int64_t n);

/// The path's generator: default_rng(path_seed) after the n draws that give the entry angles if path_seed = seed.
random::NumpyGenerator path_generator(config::Data const& data);

/// A separate generator for the centers, so that a drift changes no other draw: default_rng(path_seed XOR
/// 0x9E3779B97F4A7C15).
random::NumpyGenerator drift_generator(config::Data const& data);

/// The same circles with an independent path: path_seed and n_steps are those of the test series.
config::Data test_series_of(config::Data data);

/// Describes the first key that is out of bounds; empty if all are within.
std::string first_violation(config::Data const& data);

}  // namespace mambasynth::series
