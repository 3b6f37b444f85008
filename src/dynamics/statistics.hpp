#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamics/trajectory.hpp"
#include "dynamics/window_law.hpp"

namespace mambasynth::dynamics {

/// A mean over samples and its standard error, NaN with fewer than two samples.
struct Estimate {
  double value = 0, standard_error = 0;
};

/// Dependence between samples whose windows lie in one series and may overlap. Errors of a mean over samples are sums
/// of products of two samples' residuals, with weights that fall from 1 to 0 at a distance of two window lengths
/// (Bartlett's, as in Newey and West 1987). They are scaled to be unbiased for independent steps, for which the
/// correlation of two samples is the share of a window that they have in common.
class Samples {
 public:
  /// `starts`: first step of each window of `length` steps, in any order.
  Samples(std::vector<std::int64_t> starts, std::int64_t length);
  /// That many samples, none of which overlap.
  explicit Samples(std::size_t count);

  [[nodiscard]] Estimate mean(std::span<double const> values) const;
  /// Standard error of a sum over samples, given their residuals about the mean. NaN with one sample.
  [[nodiscard]] double error_of_sum(std::span<double const> residuals) const;
  /// Number of samples without overlap whose mean would have the same error.
  [[nodiscard]] double independent() const;

 private:
  [[nodiscard]] double closeness(std::size_t i, std::size_t j, double lengths) const;

  std::vector<std::int64_t> starts_;  // empty: far apart
  std::size_t count_;
  double length_ = 0;
  double correlated_;  // sum of all correlations V, including those of a sample with itself
  double seen_;  // trace of M W M V: the expectation of the weighted sum W for a variance of 1; M subtracts the mean
};

/// What the process itself implies.
struct ProcessLaw {
  std::vector<double> occupancy;          ///< (n) share of steps on each circle
  double dwell_mean = 0, dwell_std = 0;   ///< steps of a visit, visits weighted as they occur; NaN if none ends
  double switch_rate = 0;                 ///< per 1,000 steps
  std::int64_t bin_steps = 0;             ///< width of a bin of dwell; the last bin holds everything longer
  std::vector<double> dwell;              ///< (bin) probability
  std::vector<double> transition_matrix;  ///< (n, n)
  WindowLaw seen;                         ///< the same, as seen through the samples' windows
};
ProcessLaw law_of(oracle::HiddenProcess const& hidden, Window const& window);

/// Over the trajectories of one condition. A switch is the first step of a visit that began after the seed and follows
/// another visit. Dwell times are those of complete visits that began after the seed: visits that the window truncates
/// are left out, which favors short ones. Everything is compared with the process as seen through such windows
/// (ProcessLaw::seen).
struct Statistics {
  std::vector<std::int64_t> switches;     ///< (sample)
  Estimate switch_rate;                   ///< per 1,000 steps
  std::vector<double> occupancy;          ///< (n) share of the steps that are on a circle
  double off_share = 0;                   ///< share of steps on no circle
  double occupancy_distance = 0;          ///< total variation from the process's occupancy, as seen
  std::int64_t dwells = 0;                ///< complete visits
  double dwell_mean = 0, dwell_std = 0;   ///< steps; NaN without visits (dwell_std: with fewer than two)
  std::vector<std::int64_t> dwell;        ///< (bin), the bins of the process
  std::vector<std::int64_t> transitions;  ///< (n, n) counts, from row to column; diagonal: circles left and returned to
  double allowed_share = 0;               ///< share of transitions that the process allows
  double transition_distance = 0;  ///< total variation from the transition matrix as seen, rows weighted by departures
  double transition_divergence = 0;  ///< KL(counted || process) in nats, the same way; infinite with a forbidden one
  double distance = 0;               ///< root mean square of Trajectory::distance over steps without burst noise
  Estimate prediction_error;         ///< over the same steps
  double agreement = 0;  ///< share of steps at which the exact filter's most probable circle is the decoded one
  std::vector<double> first_failure;  ///< (sample), steps; NaN: none
  std::vector<std::int64_t> failed;   ///< (failure): samples whose first failure it is (ties: the first in the list)
  std::int64_t lasting = 0;           ///< samples without failure, censored at the last step
  Estimate time_to_failure;           ///< restricted mean: samples without failure count as all steps
};

/// trajectories: one per sample, each of `steps` steps; perturbed: (step) or empty.
Statistics statistics_of(std::span<Trajectory const> trajectories, Samples const& samples, ProcessLaw const& law,
                         std::int64_t steps, std::span<char const> perturbed);

/// Compares two conditions over the same samples; the second is the reference, and errors are over pairs.
struct Comparison {
  Estimate rate_ratio;       ///< of the numbers of switches, linearized; NaN if the reference has none
  Estimate rate_difference;  ///< switches per 1,000 steps
  Estimate time_difference;  ///< restricted time to the first failure, steps
};
Comparison compare(Statistics const& with, Statistics const& without, Samples const& samples, std::int64_t steps);

/// Switches by their distance from the preceding multiple of `interval` steps, excluding 0.
std::vector<std::int64_t> switches_since(std::span<Trajectory const> trajectories, std::int64_t interval);

}  // namespace mambasynth::dynamics
