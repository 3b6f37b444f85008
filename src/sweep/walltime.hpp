#pragma once

#include <functional>
#include <optional>

namespace mambasynth::sweep {

/// Seconds until this job ends, as a function that may be asked often; nothing where nobody sets an end. `given`:
/// seconds from now that the user set, 0 = what Slurm says (SLURM_JOB_END_TIME, else squeue). Variables that cannot be
/// of a running job are ignored with a warning.
std::function<std::optional<double>()> time_until_end(double given);

}  // namespace mambasynth::sweep
