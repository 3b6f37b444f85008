#pragma once

#include <cstdint>
#include <vector>

#include "oracle/hidden_process.hpp"

namespace mambasynth::dynamics {

inline constexpr double per_steps = 1000;  ///< rates of switches are for so many

/// The window that a sample is seen through, and how long a visit must be seen to be one.
struct Window {
  std::int64_t seed_steps = 0, steps = 0;
  double shortest_share = 0;  ///< of the circle's period
};

/// What the process shows in such windows at random places, where every step's circle is known. The window cuts visits
/// off; what is left of one is dropped where it is shorter than the shortest visit, and only whole visits have a
/// length. So there are fewer switches than the process makes, and shorter visits. Exact sums over the process's laws.
/// n circles; everything of the steps behind the seed.
struct WindowLaw {
  std::vector<double> occupancy;         ///< (n) share of the steps that are on a circle
  double off_share = 0;                  ///< share of steps in what is dropped
  double switch_rate = 0;                ///< per 1,000 steps
  double dwell_mean = 0, dwell_std = 0;  ///< steps of a whole visit; NaN where the window holds none
  std::vector<double>
      dwell;  ///< (bin) probability of its length, bins of `bin_steps`, the last holds all that is longer
  std::vector<double> transition_matrix;  ///< (n, n) among the switches; rows without any are 0
};
WindowLaw law_in(Window const& window, oracle::HiddenProcess const& hidden, std::int64_t bin_steps, std::size_t bins);

}  // namespace mambasynth::dynamics
