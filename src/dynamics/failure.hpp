#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamics/decoder.hpp"
#include "dynamics/visits.hpp"

namespace mambasynth::dynamics {

/// Ways in which a trajectory ceases to be one of the process: it leaves the circles; its phase fails (it stalls,
/// advances too slowly or too fast, or jumps); or a visit exceeds the longest dwell time of the process.
enum class Failure : std::size_t { off_manifold, clock, dwell };
inline constexpr std::size_t failures = 3;
inline std::array<std::string, failures> const failure_names{"off_manifold", "clock", "dwell"};

/// Step of the first failure of each kind, counted from the first step considered; NaN: none.
using FailureTimes = std::array<double, failures>;

/// The squared distance that the mean square over `window` steps of d channels of white noise exceeds anywhere in
/// `steps` steps with probability at most `level`: chi-squared tail of Laurent & Massart 2000 (Lemma 1) and Bonferroni.
/// It also bounds the distance of a true series to its nearest circle, which is closer than the true point.
double largest_noise_square(double noise_std, std::int64_t channels, std::int64_t window, std::int64_t steps,
                            double level);

/// 1 for steps at which the squared distance, averaged over the last `window` steps that are not `perturbed`, is above
/// `limit`; 0 elsewhere. A value that is not finite counts as above. The first window - 1 unperturbed steps are 0.
std::vector<char> beyond(std::span<double const> squares, std::span<char const> perturbed, std::int64_t window,
                         double limit);

struct ClockRule {
  double window_share;  ///< fraction of a period over which progress is measured
  double least_rate;    ///< fraction of the circle's angular velocity; the largest is 2 - least_rate
};
/// First step >= `from` that follows w = ceil(window_share * period) steps on one circle in which the position advanced
/// by less than least_rate * w or more than (2 - least_rate) * w. So a trajectory that freezes is detected about (1 -
/// least_rate) * w steps later, and a phase that jumps by more than (1 - least_rate) * w positions is detected
/// immediately. Periods below 8 steps do not show the direction and are ignored. -1: none.
std::int64_t first_clock_failure(Path const& path, oracle::HiddenProcess const& hidden, ClockRule const& rule,
                                 std::int64_t from);

/// First step >= `from` at which a visit exceeds the longest dwell time of the process (probability 1e-12), counted
/// from its start or that of the series. A circle that can follow itself has no longest visit. -1: none.
std::int64_t first_overlong(std::span<Visit const> visits, oracle::HiddenProcess const& hidden, std::int64_t from);

}  // namespace mambasynth::dynamics
