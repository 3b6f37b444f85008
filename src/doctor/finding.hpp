#pragma once

#include <string>
#include <vector>

namespace mambasynth::doctor {

/// From harmless to what ends a job. A note is worth knowing; only an error makes the doctor's exit code 1.
enum class Level { ok, note, warning, error };
char const* name_of(Level level);

/// What a check says. Its text is `problem (why). remedy.`; an `ok` has no remedy.
struct Finding {
  Level level = Level::ok;
  std::string check;  ///< a stable name for scripts, e.g. "mpi.ranks"
  std::string problem, why, remedy;
  std::vector<int> ranks;  ///< whom it concerns; empty: the job as a whole
  [[nodiscard]] std::string text() const;
};
using Findings = std::vector<Finding>;

/// Findings that differ in nothing but their ranks become one; the worst come first, otherwise in the order of the
/// checks.
Findings merged(Findings const& all);
Level worst(Findings const& findings);

/// "0-2, 5".
std::string ranges(std::vector<int> numbers);
/// "512 MB", "1.5 GB", "80 GB".
std::string size_text(double megabytes);

}  // namespace mambasynth::doctor
