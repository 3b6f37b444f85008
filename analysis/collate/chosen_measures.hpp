#pragma once

#include <string>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// Whether a name matches a pattern in which `*` stands for any characters, dots included.
bool matches(std::string const& name, std::string const& pattern);

/// The measures that --measure names, each once: a name stands for itself, a pattern with `*` for all that match, in
/// the table's order. Errors: errors::usage for a name that no trial has, with the nearest, and for a pattern that
/// matches none.
std::vector<std::string> chosen_measures(Table const& table, std::vector<std::string> const& asked);

}  // namespace mambasynth::analysis::collate
