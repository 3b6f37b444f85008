#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "oracle/score.hpp"

/// The exact filter over whole series and over windows.
namespace mambasynth::oracle {

/// A series and what is known of it; spans outlive the object.
struct Observed {
  std::span<double const> x;            ///< (N, d)
  std::span<std::int64_t const> visit;  ///< (N), visits_of its circles
  [[nodiscard]] std::int64_t n_steps() const { return static_cast<std::int64_t>(visit.size()); }
};

struct Range {
  std::int64_t first = 0, last = 0;  ///< [first, last)
};

/// Called after each step t of a range, in order, with what is known behind x_t.
using EachStep = std::function<void(std::int64_t t, Filter const& filter, Forecast const& forecast)>;

/// One running filter over `range`, its forecasts added to `score`. It starts `burn_in` steps earlier anywhere by the
/// stationary law; where that reaches step 0 it starts there, on circle 0 at the start of a visit.
void run_range(HiddenProcess const& hidden, Observed const& series, Range const& range, std::int64_t burn_in, Score& score,
               EachStep const& each = {}, bool elapsed = false);

/// How a share is cut into blocks, each with a filter of its own.
struct Cut {
  std::int64_t block = 0;    ///< steps, rounded up to blocks of the score; 0: the share is one
  std::int64_t burn_in = 0;
  int threads = 1;
};
/// Runs the blocks of `share`, on several threads unless `each` wants the steps in order. The sums' bits depend on the
/// cuts, never on the number of threads.
void run_share(HiddenProcess const& hidden, Observed const& series, Range const& share, Cut const& cut, Score& score,
               EachStep const& each = {}, bool elapsed = false);

/// The part of n_steps that rank `rank` of `size` takes; its boundaries are multiples of Score::block_steps.
Range share_of_steps(std::int64_t n_steps, int rank, int size);

/// Mean squared error per horizon over windows of `length` steps that begin at `starts`, each element counted once; the
/// filter starts cold in each window (stationary law) and knows what the window holds. `x`: (N, d) as models read it.
/// Errors: none; a horizon of a window or more gives NaN. The bits do not depend on `threads`.
std::vector<double> mse_of_windows(HiddenProcess const& hidden, std::span<float const> x,
                                   std::vector<std::int64_t> const& starts, std::int64_t length,
                                   std::vector<std::int64_t> const& horizons, int threads);

}  // namespace mambasynth::oracle
