#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/document/document.hpp"

/// Markdown to be read as it stands: columns line up, lines have at most `most_columns`, and only what would end a
/// field is escaped.
namespace mambasynth::analysis::document {

std::string to_terminal(Block const& block);
/// The blocks, an empty line between them.
std::string to_terminal(Blocks const& blocks);
std::string to_terminal(Document const& document);

/// Characters of a line of the table.
std::size_t terminal_width(Table const& table);

/// What it cost to make a table narrow.
struct Fitted {
  std::vector<Column> dropped;       ///< columns of Fit::drop
  std::size_t headings_dropped = 0;  ///< columns of Fit::shorten
  bool shortened = false;
};
/// Makes the lines of the table at most `most_columns` wide, if that is possible: drops columns of Fit::drop from the
/// right, shortens those of Fit::shorten, the widest first, and then drops all but the first of these from the right.
Fitted fit_terminal(Table& table);

}  // namespace mambasynth::analysis::document
