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

/// How far samples repeat each other: their windows lie in one series, where they may overlap. Errors are of the mean
/// over series: sums of products of two samples' residuals, with weights that fall from 1 to 0 where windows begin two
/// lengths apart (Bartlett's, as Newey and West 1987), scaled so that they are unbiased for steps that are independent,
/// for which two samples correlate by the share of a window that both have.
class Samples {
 public:
  /// `starts`: first step of each window of `length` steps, in any order.
  Samples(std::vector<std::int64_t> starts, std::int64_t length);
  /// Of so many samples of which none overlap.
  explicit Samples(std::size_t count);

  [[nodiscard]] Estimate mean(std::span<double const> values) const;
  /// Standard error of a sum over samples, from what is left of each when the mean is taken away. NaN with one sample.
  [[nodiscard]] double error_of_sum(std::span<double const> residuals) const;
  /// Samples without overlap whose mean would have the same error.
  [[nodiscard]] double independent() const;

 private:
  [[nodiscard]] double closeness(std::size_t i, std::size_t j, double lengths) const;

  std::vector<std::int64_t> starts_;  // empty: far apart
  std::size_t count_;
  double length_ = 0;
  double correlated_;  // sum of all correlations V, a sample's with itself included
  double seen_;  // trace of M W M V: what the weighted sum W finds of a variance of 1, with M taking the mean away
};

/// What the process itself would show, by its laws.
struct ProcessLaw {
  std::vector<double> occupancy;          ///< (n) share of steps on each circle
  double dwell_mean = 0, dwell_std = 0;   ///< steps of a visit, visits weighted as they occur; NaN where none ends
  double switch_rate = 0;                 ///< per 1,000 steps
  std::int64_t bin_steps = 0;             ///< width of a bin of dwell; the last holds all that is longer
  std::vector<double> dwell;              ///< (bin) probability
  std::vector<double> transition_matrix;  ///< (n, n)
  WindowLaw seen;                         ///< the same as the samples' windows show it
};
ProcessLaw law_of(oracle::HiddenProcess const& hidden, Window const& window);

/// Over the trajectories of one condition. A switch is the first step of a visit that began behind the seed and that
/// another came before. Dwell is of complete visits that began there: visits that the window cuts off are left out,
/// which favours short ones. All is compared with what the process shows in such windows (ProcessLaw::seen).
struct Statistics {
  std::vector<std::int64_t> switches;     ///< (sample)
  Estimate switch_rate;                   ///< per 1,000 steps
  std::vector<double> occupancy;          ///< (n) share of the steps that are on a circle
  double off_share = 0;                   ///< share of steps on no circle
  double occupancy_distance = 0;          ///< total variation from the process's occupancy, as seen
  std::int64_t dwells = 0;                ///< complete visits
  double dwell_mean = 0, dwell_std = 0;   ///< steps; NaN without (or with one)
  std::vector<std::int64_t> dwell;        ///< (bin) of the process's law
  std::vector<std::int64_t> transitions;  ///< (n, n) counts, from row to column; the diagonal: left and come back to
  double allowed_share = 0;               ///< share of them that the process can make
  double transition_distance = 0;  ///< total variation from the transition matrix as seen, rows weighted by departures
  double transition_divergence = 0;   ///< KL(counted || process) in nats, the same way; infinite with a forbidden one
  double distance = 0;                ///< root mean square of Trajectory::distance over steps without burst noise
  Estimate prediction_error;          ///< over the same steps
  double agreement = 0;               ///< share of steps whose likeliest circle by the exact filter is the decoded one
  std::vector<double> first_failure;  ///< (sample), steps; NaN: none
  std::vector<std::int64_t> failed;   ///< (failure): samples whose first failure it is (ties: the one named first)
  std::int64_t lasting = 0;           ///< samples without failure, censored at the last step
  Estimate time_to_failure;           ///< restricted mean: those that last count as all steps
};

/// trajectories: one a sample, all of `steps` steps; perturbed: (step) or empty.
Statistics statistics_of(std::span<Trajectory const> trajectories, Samples const& samples, ProcessLaw const& law,
                         std::int64_t steps, std::span<char const> perturbed);

/// Two conditions over the same samples, the second the reference; errors are of the pairs.
struct Comparison {
  Estimate rate_ratio;       ///< of the numbers of switches, linearised; NaN where the reference has none
  Estimate rate_difference;  ///< switches per 1,000 steps
  Estimate time_difference;  ///< restricted time to the first failure, steps
};
Comparison compare(Statistics const& with, Statistics const& without, Samples const& samples, std::int64_t steps);

/// Switches by their distance from the last multiple of `interval` steps before them, 0 itself left out.
std::vector<std::int64_t> switches_since(std::span<Trajectory const> trajectories, std::int64_t interval);

}  // namespace mambasynth::dynamics
