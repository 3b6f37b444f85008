#pragma once

#include <string>
#include <vector>

namespace mambasynth::doctor {

/// In increasing severity. Only an error makes the doctor's exit code 1.
enum class Level { ok, note, warning, error };
char const* name_of(Level level);

/// The result of a check. Its text is `problem (why). remedy.`; an `ok` has no remedy.
struct Finding {
  Level level = Level::ok;
  std::string check;  ///< a stable name for scripts, e.g. "mpi.ranks"
  std::string problem, why, remedy;
  std::vector<int> ranks;  ///< affected ranks; empty: the job as a whole
  [[nodiscard]] std::string text() const;
};
using Findings = std::vector<Finding>;

/// Merges findings that differ only in their ranks; the worst come first, otherwise in the order of the checks.
Findings merged(Findings const& all);
Level worst(Findings const& findings);

/// "0-2, 5".
std::string ranges(std::vector<int> numbers);
/// "512 MB", "1.5 GB", "80 GB".
std::string size_text(double megabytes);

}  // namespace mambasynth::doctor
