#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/config.hpp"
#include "dynamics/decoder.hpp"
#include "dynamics/failure.hpp"
#include "dynamics/visits.hpp"

namespace mambasynth::dynamics {

/// A series that goes on behind a seed; steps count from the first one behind it, those of the seed are negative.
struct Continuation {
  std::span<float const> seed;      ///< (seed step, d)
  std::span<float const> x;         ///< (step, d)
  std::span<char const> perturbed;  ///< (step) or empty: 1 where noise of a burst was put on x
  double noise_std = 0;             ///< of the noise that x is known to carry beside that: 0 for a greedy generation
};

/// What such a series does; arrays (step).
struct Trajectory {
  std::vector<std::int64_t> circle;       ///< decoded; -1: farther from that circle than noise explains, or on none
  std::vector<float> phase;               ///< radians in [0, 2 pi), of the decoded path
  std::vector<float> distance;            ///< Euclidean, to the nearest point of the nearest circle, in noise units
  std::vector<float> distance_decoded;    ///< the same of the decoded circle
  std::vector<float> circle_probability;  ///< exact filter: P(decoded circle | the steps up to this one)
  std::vector<float> prediction_error;    ///< squared error of its E[x_t | the steps before], mean over channels
  std::vector<std::int64_t> likeliest;    ///< exact filter: the circle with the largest probability
  std::vector<Visit> visits;              ///< first may lie in the seed
  FailureTimes failure{};
};

/// What is looked at, and the limits that follow from it.
struct Limits {
  double noise = 0;       ///< the unit of distances: the process's noise, at least 1e-4 of the largest radius
  double off_square = 0;  ///< largest mean squared distance that is no failure
};
Limits limits_of(oracle::HiddenProcess const& hidden, double noise_std, std::int64_t steps,
                 config::Generate const& rules);

/// The decoder and the exact filter over seed and continuation. Both start cold, like the network: anywhere, by the
/// process's stationary law. The filter's noise is the process's. A series with less (temperature 0) fits it too well:
/// its posteriors are sharper than what it has seen of the process justifies, since a network's errors do not average
/// out as independent noise does; at temperature = data.noise_std the series is what the filter takes it for. Steps
/// that a burst perturbed are hidden from both: what is asked is what the network makes of the burst.
Trajectory follow(oracle::HiddenProcess const& hidden, Decoder const& decoder, Continuation const& series,
                  config::Generate const& rules);

/// Distance of x (d) to the nearest point of a circle.
double distance_to(oracle::HiddenProcess const& hidden, std::size_t circle, float const* x);

}  // namespace mambasynth::dynamics
