#pragma once

#include <functional>
#include <optional>

namespace mambasynth::sweep {

/// Returns a cheap function that gives the seconds until this job ends, or nothing if it has no limit. `given`: seconds
/// from now as set by the user; 0 = ask Slurm (SLURM_JOB_END_TIME, else squeue). Variables that cannot belong to a
/// running job are ignored with a warning.
std::function<std::optional<double>()> time_until_end(double given);

}  // namespace mambasynth::sweep
