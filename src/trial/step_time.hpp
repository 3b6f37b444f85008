#pragma once

#include <cstdint>
#include <string>

#include "config/config.hpp"

namespace mambasynth::trial {

/// Mean seconds of a training step of `trial` on `device`, for windows of random data with `channels` channels, after a
/// step that warms up. Repeats the step for about `seconds`, at least once. Errors: those of a training.
double seconds_per_step(config::Trial const& trial, std::int64_t channels, std::string const& device, double seconds);

}  // namespace mambasynth::trial
