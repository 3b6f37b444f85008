#pragma once

#include <set>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// What trials of one table should share.
enum class Shared { code, data, device };
inline constexpr Shared all_shared[] = {Shared::code, Shared::data, Shared::device};
char const* name_of(Shared what);

/// A value that trials differ in, and who has it.
struct Version {
  std::string name;
  std::vector<std::string> trials;
};

/// The code versions and devices of all committed trials; of data the first group that differs within itself, groups
/// being the trials whose axes of section `data` agree (an axis over the data changes the data, and that is no
/// mixture).
std::vector<Version> versions_of(Shared what, std::vector<CollatedTrial> const& trials);

/// errors::usage naming versions and trials, for data the keys that differ, too, for whatever is mixed and not in
/// `allowed`.
void refuse_mixtures(SweepFolder const& sweep, std::set<Shared> const& allowed);

}  // namespace mambasynth::analysis::collate
