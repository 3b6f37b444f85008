#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/config.hpp"
#include "dynamics/decoder.hpp"
#include "dynamics/failure.hpp"
#include "dynamics/visits.hpp"

namespace mambasynth::dynamics {

/// A series that continues a seed; steps count from the first one after the seed; those of the seed are negative.
struct Continuation {
  std::span<float const> seed;      ///< (seed step, d)
  std::span<float const> x;         ///< (step, d)
  std::span<char const> perturbed;  ///< (step) or empty: 1 if a burst added noise to x
  double noise_std = 0;             ///< of the other noise known to be in x; 0 for generation at temperature 0
};

/// Description of such a series; arrays are (step).
struct Trajectory {
  std::vector<std::int64_t> circle;       ///< decoded; -1: on no circle, or farther from it than noise explains
  std::vector<float> phase;               ///< radians in [0, 2 pi), of the decoded path
  std::vector<float> distance;            ///< Euclidean, to the nearest point of the nearest circle, in noise units
  std::vector<float> distance_decoded;    ///< the same to the decoded circle
  std::vector<float> circle_probability;  ///< exact filter: P(decoded circle | the steps up to this one)
  std::vector<float> prediction_error;    ///< squared error of its E[x_t | the steps before], mean over channels
  std::vector<std::int64_t> likeliest;    ///< exact filter: the circle with the largest probability
  std::vector<Visit> visits;              ///< first may lie in the seed
  FailureTimes failure{};
};

/// The settings of an analysis and the limits that follow from them.
struct Limits {
  double noise = 0;       ///< the unit of distances: the process's noise, at least 1e-4 of the largest radius
  double off_square = 0;  ///< largest mean squared distance that is not a failure
};
Limits limits_of(oracle::HiddenProcess const& hidden, double noise_std, std::int64_t steps,
                 config::Generate const& rules);

/// Runs the decoder and the exact filter over seed and continuation. Both start cold, like the network: anywhere, from
/// the stationary distribution of the process. The filter assumes the noise of the process. For a series with less
/// noise (temperature 0) its posteriors are too sharp, because a network's errors do not average out as independent
/// noise does; at temperature = data.noise_std its assumption holds. Steps that a burst perturbed are hidden from both,
/// since the question is how the network responds to the burst.
Trajectory follow(oracle::HiddenProcess const& hidden, Decoder const& decoder, Continuation const& series,
                  config::Generate const& rules);

/// Distance of x (d) to the nearest point of a circle.
double distance_to(oracle::HiddenProcess const& hidden, std::size_t circle, float const* x);

}  // namespace mambasynth::dynamics
