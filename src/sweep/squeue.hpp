#pragma once

#include <optional>
#include <string>

namespace mambasynth::sweep {

/// The output of `squeue --noheader OPTIONS --jobs=JOB`, including errors.
struct SqueueAnswer {
  bool succeeded = false;
  std::string text;
};
/// Nothing if `job` is not a job ID or squeue cannot be started. Waits at most ten seconds.
std::optional<SqueueAnswer> squeue(std::string const& job, std::string const& options);

}  // namespace mambasynth::sweep
