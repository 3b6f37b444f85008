#pragma once

#include <cstdint>

#include "config/sizes.hpp"

namespace mambasynth::commands {

/// The memory that this process may take: the node's, less where a control group or `ulimit -v` says so.
config::Limit memory_here();

/// Errors: errors::usage where a series of these keys, of which this process generates one of `parts`, does not fit its
/// memory. One that is read from a file is not asked about.
void require_memory_for(config::Data const& data, std::int64_t parts = 1);
/// The same of the process behind a series alone, which is generated in constant memory.
void require_memory_for_process(config::Data const& data);

}  // namespace mambasynth::commands
