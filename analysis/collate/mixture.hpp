#pragma once

#include <set>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// What the trials of one table should share. `threads`: on the CPU, where their number changes the order of sums, and
/// with it the last digits.
enum class Shared { code, data, device, precision, threads };
inline constexpr Shared all_shared[] = {Shared::code, Shared::data, Shared::device, Shared::precision, Shared::threads};
char const* name_of(Shared what);

/// A value that trials differ in, and who has it.
struct Version {
  std::string name;
  std::vector<std::string> trials;
};

/// The code versions, devices and threads of all committed trials. For data and precision, the first group of trials
/// that differ, where a group has the same values on all axes of section `data`, or on train.precision: what an axis
/// changes is not a mixture.
std::vector<Version> versions_of(Shared what, std::vector<CollatedTrial> const& trials);

/// errors::usage for everything that is mixed and not in `allowed`, naming versions and trials and, for data, the keys
/// that differ.
void refuse_mixtures(SweepFolder const& sweep, std::set<Shared> const& allowed);

}  // namespace mambasynth::analysis::collate
