#pragma once

#include <string>
#include <vector>

#include "analysis/collate/student_t.hpp"

/// Numbers and words as fields of a Markdown table.
namespace mambasynth::collate {

/// A field without a value.
inline constexpr char const* nothing = "-";
/// "8.012 ± 0.034": the interval's half width with two digits, the mean as far as those go.
std::string text_of(Interval const& interval);
/// With what would end a field made harmless.
std::string escaped(std::string const& text);
/// Rows of equally many fields, the first one the header, as a table whose columns line up.
std::string aligned(std::vector<std::vector<std::string>> const& rows);

}  // namespace mambasynth::collate
