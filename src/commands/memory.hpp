#pragma once

#include <cstdint>

#include "config/sizes.hpp"

namespace mambasynth::commands {

/// The memory that this process may use: the node's, or less if a control group or `ulimit -v` limits it.
config::Limit memory_here();

/// Errors: errors::usage if a series of these keys, of which this process generates one of `parts`, does not fit in its
/// memory. Series read from a file are not checked.
void require_memory_for(config::Data const& data, std::int64_t parts = 1);
/// The same for the generator alone, if the series itself is generated in constant memory.
void require_memory_for_process(config::Data const& data);

}  // namespace mambasynth::commands
