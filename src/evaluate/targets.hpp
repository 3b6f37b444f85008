#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluate/truth.hpp"

namespace mambasynth::evaluate {

/// What probes decode from a layer, at chosen steps; empty if the ground truth is unknown.
struct Targets {
  std::vector<std::int64_t> circle;         ///< (step)
  std::vector<std::int64_t> visit;          ///< (step), number of its visit: rows of a visit are dependent
  std::vector<double> phase;                ///< (step, 2): cosine, sine
  std::vector<double> revolutions_elapsed;  ///< (step), completed in this visit
  std::vector<double> switch_hazard;        ///< (step), P(the visit ends with this step)
  std::vector<double> next_circle;          ///< (step, circles), P(circle of the next visit)
  std::int64_t circles = 0;                 ///< of next_circle
};

/// From the series' circles and phases; a phase that is NaN is unknown.
Targets true_targets(Truth const& truth, std::span<std::int64_t const> steps);

/// Adds the posteriors of the exact filter, which uses only what the network is given: it starts cold (stationary
/// distribution) in each window of `seq_len` steps from step 0. x: (time, channel). `steps` ascending. Bit-identical
/// for any number of threads. Errors: errors::usage if the process has too many states.
void add_posteriors(Targets& targets, series::Process const& process, std::span<float const> x, std::int64_t seq_len,
                    std::span<std::int64_t const> steps, int threads);

}  // namespace mambasynth::evaluate
