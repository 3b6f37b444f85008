#pragma once

#include <cstdint>
#include <span>

#include "series/process.hpp"

namespace mambasynth::evaluate {

/// What is known of a series beside its values; empty where nothing is.
struct Truth {
  std::span<std::int64_t const> circle;            ///< (time)
  std::span<double const> phase;                   ///< (time), radians
  series::Process const* process = nullptr;        ///< what was drawn before the path; of a foreign series what its file holds
  bool generated = false;                          ///< the process is the whole truth about the series
};

}  // namespace mambasynth::evaluate
