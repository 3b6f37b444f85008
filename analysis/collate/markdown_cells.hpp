#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/collate/interval.hpp"

/// Numbers and words as fields of a Markdown table.
namespace mambasynth::analysis::collate {

/// Fits a terminal without wrapping, and a printed page.
inline constexpr std::size_t most_columns = 100;

using Rows = std::vector<std::vector<std::string>>;

/// A field without a value.
inline constexpr char const* nothing = "-";
/// "8.012 ± 0.034": the half width of the interval with two digits, the mean to the same decimals; for a single seed
/// only the mean.
std::string text_of(Interval const& interval);
/// "± 0.034": the half width alone.
std::string half_width(Interval const& interval);
/// With characters escaped that would end a field.
std::string escaped(std::string const& text);
/// At most `most` characters: "..", then the end of `text`, where paths and dotted keys differ.
std::string shortened(std::string const& text, std::size_t most);
/// Wraps words into lines of at most `most_columns`, each ending in a newline; a longer word has a line of its own.
std::string wrapped(std::string const& text);

/// Rows of equally many fields, the first one the header, as a table whose columns line up.
std::string aligned(Rows const& rows);
/// Characters of a line of that table.
std::size_t width_of(Rows const& rows);
/// Removes columns from the right, down to `fewest`, until a line has at most `most_columns`; returns how many.
std::size_t drop_to_fit(Rows& rows, std::size_t fewest);
/// Shortens fields of the first `count` columns, the widest first, until a line has at most `most_columns`. Returns
/// whether it had to; many columns may still not fit.
bool shorten_to_fit(Rows& rows, std::size_t count);

}  // namespace mambasynth::analysis::collate
