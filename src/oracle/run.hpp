#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "oracle/score.hpp"

/// The exact filter over whole series and over windows.
namespace mambasynth::oracle {

struct Range {
  std::int64_t first = 0, last = 0;  ///< [first, last)
};

/// Called after each step t of a range, in order, with the posterior given x_t.
using EachStep = std::function<void(std::int64_t t, Filter const& filter, Forecast const& forecast)>;

/// Runs one filter over `range` and adds its forecasts to `score`. It starts `burn_in` steps earlier from the
/// stationary distribution, or, if that reaches step 0, on circle 0 at the start of a visit. `series` holds all of
/// these steps and those that follow, up to the farthest horizon.
void run_range(HiddenProcess const& hidden, Observed const& series, Range const& range, std::int64_t burn_in,
               Score& score, EachStep const& each = {}, bool elapsed = false);

/// How a share is cut into blocks, each with its own filter.
struct Cut {
  std::int64_t block = 0;  ///< steps, rounded up to blocks of the score; 0: the share is one block
  std::int64_t burn_in = 0;
  int threads = 1;
};
/// Runs the blocks of `share`, on several threads unless `each` needs the steps in order. The rounding of the sums
/// depends on the cuts, but not on the number of threads.
void run_share(HiddenProcess const& hidden, Observed const& series, Range const& share, Cut const& cut, Score& score,
               EachStep const& each = {}, bool elapsed = false);

/// The part of the series that a share needs: from its burn-in to its farthest horizon.
Range needed_steps(Range const& share, std::int64_t burn_in, std::int64_t furthest_horizon, std::int64_t n_steps);

/// The share of n_steps of rank `rank` of `size`; its boundaries are multiples of Score::block_steps.
Range share_of_steps(std::int64_t n_steps, int rank, int size);

struct WindowErrors {
  std::vector<double> mse;                     ///< (horizon) over all windows, each element counted once
  std::vector<std::vector<double>> by_window;  ///< (window, horizon) over each window's steps and channels
};

/// Mean squared errors over windows of `length` steps that begin at `starts`; the filter starts cold in each window
/// (stationary distribution) and uses only that window. `x`: (N, d) as models read it. No standard errors; a horizon of
/// a window's length or more gives NaN. Bit-identical for any number of threads.
WindowErrors errors_of_windows(HiddenProcess const& hidden, std::span<float const> x,
                               std::vector<std::int64_t> const& starts, std::int64_t length,
                               std::vector<std::int64_t> const& horizons, int threads);

}  // namespace mambasynth::oracle
