#pragma once

#include <optional>
#include <string>

namespace mambasynth::sweep {

/// What `squeue --noheader OPTIONS --jobs=JOB` answered, errors among it.
struct SqueueAnswer {
  bool succeeded = false;
  std::string text;
};
/// Nothing where `job` is no job's id or squeue cannot be started. Waits ten seconds at most.
std::optional<SqueueAnswer> squeue(std::string const& job, std::string const& options);

}  // namespace mambasynth::sweep
