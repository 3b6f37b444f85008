#pragma once

#include <string>

#include "analysis/document/table.hpp"

namespace mambasynth::analysis::document {

/// The numbers of the table for a spreadsheet: a column by its key; one with estimates as KEY_n, KEY_mean, KEY_sd,
/// KEY_ci_low, KEY_ci_high, followed by KEY_note with the text, if any, that stands in place of a number; and KEY_marks
/// if any cell has marks. Undefined values are empty.
std::string to_csv(Table const& table);

}  // namespace mambasynth::analysis::document
