#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamics/decoder.hpp"
#include "dynamics/visits.hpp"

namespace mambasynth::dynamics {

/// Ways in which a trajectory stops being one of the process: it leaves the circles; its clock fails (it stands still,
/// turns too slowly or too fast, or its phase jumps); it stays on a circle for longer than the process ever does.
enum class Failure : std::size_t { off_manifold, clock, dwell };
inline constexpr std::size_t failures = 3;
inline std::array<std::string, failures> const failure_names{"off_manifold", "clock", "dwell"};

/// Step of the first failure of each kind, counted from the first step looked at; NaN: none.
using FailureTimes = std::array<double, failures>;

/// The squared distance that the mean square over `window` steps of d channels of white noise exceeds somewhere in
/// `steps` steps with at most probability `level`: chi-squared tail of Laurent & Massart 2000 (Lemma 1) and Bonferroni.
/// It bounds the distance of a true series to its nearest circle, which is nearer than the true point.
double largest_noise_square(double noise_std, std::int64_t channels, std::int64_t window, std::int64_t steps,
                            double level);

/// Runs of steps whose squared distance, averaged over the last `window` of them that are not `perturbed`, is above
/// `limit`: 1 there, 0 elsewhere. Not finite counts as above. The first window - 1 unperturbed steps are 0.
std::vector<char> beyond(std::span<double const> squares, std::span<char const> perturbed, std::int64_t window,
                         double limit);

struct ClockRule {
  double window_share;  ///< of a period: the time over which progress is measured
  double least_rate;    ///< of the circle's angular velocity; the largest is 2 - least_rate
};
/// First step >= `from` behind w = ceil(window_share * period) steps on one circle in which the position has moved by
/// less than least_rate * w or more than (2 - least_rate) * w. A trajectory that freezes is so found about (1 -
/// least_rate) * w steps later, a phase that jumps by more than (1 - least_rate) * w positions at once. Periods below
/// 8 steps tell no direction and are left out. -1: none.
std::int64_t first_clock_failure(Path const& path, oracle::HiddenProcess const& hidden, ClockRule const& rule,
                                 std::int64_t from);

/// First step >= `from` at which a visit has lasted longer than any that the process makes (a chance of 1e-12), counted
/// from where it began or the series does. A circle that can follow itself has no longest visit. -1: none.
std::int64_t first_overlong(std::span<Visit const> visits, oracle::HiddenProcess const& hidden, std::int64_t from);

}  // namespace mambasynth::dynamics
