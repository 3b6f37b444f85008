#pragma once

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// An epoch of the documented split: training windows in batches, then the validation windows. Runs sizes.trials
/// trainings concurrently, as `sweep` does in one process, and times all of them together. Errors: those of a training.
Result epochs(Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
