#pragma once

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// An epoch of the documented split: training windows in batches, then the validation windows. Of sizes.trials
/// trainings at once, as `sweep` runs them in one process: the time is that of all of them. Errors: what a training
/// throws.
Result epochs(Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
