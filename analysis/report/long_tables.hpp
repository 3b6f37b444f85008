#pragma once

#include <cstddef>

#include "analysis/document/table.hpp"

namespace mambasynth::analysis::report {

/// Nobody reads more rows of a table, and a page with many such tables is slow.
inline constexpr std::size_t most_rows = 200;

/// Leaves out the rows beyond `most`; a note says so, and which file has them all.
void shorten(document::Table& table, char const* file, std::size_t most = most_rows);

}  // namespace mambasynth::analysis::report
