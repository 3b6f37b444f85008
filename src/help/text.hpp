#pragma once

#include <cstddef>
#include <string>

#include "help/page.hpp"

namespace mambasynth::help {

/// The width of a terminal that every help fits.
inline constexpr std::size_t columns = 80;

/// `common`: --help, one screen, with "[0.1]" for a default. `all`: --help-all, every flag with its range, its aliases
/// and "[default: 0.1]".
enum class Extent { common, all };

/// The page for a terminal: lines of at most `columns` characters, unless a single word is longer.
std::string to_text(Page const& page, Extent extent);
std::string to_text(Overview const& overview);

/// Breaks `text` between words. The first line follows `start` characters that are already written; the others are
/// indented by `indent`. A short "[default: 0.1]" stays on one line.
std::string wrapped(std::string const& text, std::size_t start, std::size_t indent);

}  // namespace mambasynth::help
