#pragma once

#include <optional>
#include <string>

#include "environment/command_output.hpp"

namespace mambasynth::sweep {

/// The output of `squeue --noheader OPTIONS --jobs=JOB`, including errors. Nothing if `job` is not a job ID or squeue
/// cannot be started. Waits at most ten seconds.
std::optional<environment::CommandOutput> squeue(std::string const& job, std::string const& options);

}  // namespace mambasynth::sweep
