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

/// Called after each step t of a range, in order, with what is known behind x_t.
using EachStep = std::function<void(std::int64_t t, Filter const& filter, Forecast const& forecast)>;

/// Called after every Score::block_steps steps of a range, by whichever thread made them.
using Progress = std::function<void(std::int64_t steps)>;

/// One running filter over `range`, its forecasts added to `score`. It starts `burn_in` steps earlier anywhere by the
/// stationary law; where that reaches step 0 it starts there, on circle 0 at the start of a visit. `series` holds all
/// of these steps and what lies behind them up to the furthest horizon.
void run_range(HiddenProcess const& hidden, Observed const& series, Range const& range, std::int64_t burn_in,
               Score& score, EachStep const& each = {}, bool elapsed = false, Progress const& progress = {});

/// How a share is cut into blocks, each with a filter of its own.
struct Cut {
  std::int64_t block = 0;  ///< steps, rounded up to blocks of the score; 0: the share is one
  std::int64_t burn_in = 0;
  int threads = 1;
  Progress progress = {};
};
/// Runs the blocks of `share`, on several threads unless `each` wants the steps in order. The sums' bits depend on the
/// cuts, never on the number of threads.
void run_share(HiddenProcess const& hidden, Observed const& series, Range const& share, Cut const& cut, Score& score,
               EachStep const& each = {}, bool elapsed = false);

/// What those of a share need of the series: from its burn-in to its furthest horizon.
Range needed_steps(Range const& share, std::int64_t burn_in, std::int64_t furthest_horizon, std::int64_t n_steps);

/// The part of n_steps that rank `rank` of `size` takes; its boundaries are multiples of Score::block_steps.
Range share_of_steps(std::int64_t n_steps, int rank, int size);

struct WindowErrors {
  std::vector<double> mse;                     ///< (horizon) over all windows, each element counted once
  std::vector<std::vector<double>> by_window;  ///< (window, horizon) over each window's steps and channels
};

/// Mean squared errors over windows of `length` steps that begin at `starts`; the filter starts cold in each window
/// (stationary law) and knows what the window holds. `x`: (N, d) as models read it.
/// Errors: none; a horizon of a window or more gives NaN. The bits do not depend on `threads`.
WindowErrors errors_of_windows(HiddenProcess const& hidden, std::span<float const> x,
                               std::vector<std::int64_t> const& starts, std::int64_t length,
                               std::vector<std::int64_t> const& horizons, int threads);

}  // namespace mambasynth::oracle
