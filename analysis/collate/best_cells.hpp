#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/collate/compared_measures.hpp"

namespace mambasynth::analysis::collate {

inline constexpr double significant = 0.05;

/// How a cell compares with the best of a measure.
enum class Standing { none, best, not_distinguishable };
/// As the column `best` has it; empty for none.
char const* name_of(Standing standing);

/// The standing of each cell: the best has the lowest mean (or the highest). Those not distinguishable from it differ
/// from it by what the paired t test over shared seeds cannot tell from 0 (p >= 0.05 after Holm's method over the
/// measure's cells), or share fewer than two seeds with it. The t test, unlike that of signs, can tell cells of few
/// seeds apart; it is the one that the intervals show.
std::vector<Standing> standings_of(ComparedMeasure const& measure, bool lower_is_better);

/// Per seed that both have: a's value minus b's.
std::vector<double> paired(std::map<std::string, double> const& a, std::map<std::string, double> const& b);

}  // namespace mambasynth::analysis::collate
