#pragma once

#include <cstdint>
#include <string>

#include "analysis/collate/interval.hpp"
#include "analysis/document/table.hpp"

/// Intervals as cells of a document's table, and the notes that explain their marks.
namespace mambasynth::analysis::collate {

inline constexpr char const* best_mark = "*";
inline constexpr char const* not_distinguishable_mark = "†";

document::Estimate estimate_of(Interval const& interval);

/// Marks a value over fewer seeds than the `seeds` of its row (0: not known); adds notes to the table on that and on
/// why a value has no interval.
document::Cell estimate_cell(Interval const& interval, std::int64_t seeds, document::Table& table);

/// A value of an axis: a number if it is one.
document::Cell axis_cell(std::string const& value);

}  // namespace mambasynth::analysis::collate
