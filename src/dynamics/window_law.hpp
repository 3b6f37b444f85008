#pragma once

#include <cstdint>
#include <vector>

#include "oracle/hidden_process.hpp"

namespace mambasynth::dynamics {

inline constexpr double per_steps = 1000;  ///< switch rates are per this many steps

/// The window through which a sample is seen, and how long a visit must be seen to count.
struct Window {
  std::int64_t seed_steps = 0, steps = 0;
  double shortest_share = 0;  ///< as a fraction of the circle's period
};

/// The process as seen through such windows at random positions, with the circle of every step known. The window
/// truncates visits; the remainder of a visit is dropped if it is shorter than the shortest visit, and only complete
/// visits have a length. So fewer switches and shorter visits are seen than the process makes. Exact sums over the
/// distributions of the process. n circles; everything refers to the steps after the seed.
struct WindowLaw {
  std::vector<double> occupancy;         ///< (n) share of the steps that are on a circle
  double off_share = 0;                  ///< share of steps in what is dropped
  double switch_rate = 0;                ///< per 1,000 steps
  double dwell_mean = 0, dwell_std = 0;  ///< steps of a complete visit; NaN if the window cannot hold one
  std::vector<double>
      dwell;  ///< (bin) probability of its length, in bins of `bin_steps`; the last holds everything longer
  std::vector<double> transition_matrix;  ///< (n, n) among the switches; rows without any are 0
};
WindowLaw law_in(Window const& window, oracle::HiddenProcess const& hidden, std::int64_t bin_steps, std::size_t bins);

}  // namespace mambasynth::dynamics
