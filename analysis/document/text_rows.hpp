#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/document/table.hpp"

/// Lines of monospaced text.
namespace mambasynth::analysis::document {

/// Fits a terminal without wrapping, and a printed page.
inline constexpr std::size_t most_columns = 100;

/// Characters, not bytes: `±` has two.
std::size_t characters(std::string_view text);
/// The text for one line: valid UTF-8, control characters escaped, a line end as a space.
std::string one_line(std::string_view text);
/// At most `most` characters: "..", then the end of `text`, where paths and dotted keys differ.
std::string shortened(std::string const& text, std::size_t most);
/// Wraps words into lines of at most `most_columns`, each ending in a newline; a longer word has a line of its own.
std::string wrapped(std::string const& text);
/// As above, the first line after `first`, the others after as many spaces.
std::string wrapped(std::string const& text, std::string const& first);

/// Rows of equally many fields, the first one the header, as a Markdown table whose columns line up.
using Rows = std::vector<std::vector<std::string>>;
std::string aligned(Rows const& rows, std::vector<Align> const& alignment);
/// Characters of a line of that table.
std::size_t width_of(Rows const& rows);

}  // namespace mambasynth::analysis::document
