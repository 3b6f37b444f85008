#pragma once

#include <string>

#include "analysis/document/document.hpp"

/// LaTeX for any class. Needs the packages of `latex_packages`; text is ASCII and Latin-1 letters as UTF-8.
namespace mambasynth::analysis::document {

/// \usepackage lines.
std::string latex_packages();

/// A table environment in booktabs' style: columns of estimates are siunitx' S columns, in which decimal points line
/// up, unless they have an interval with unequal sides or an exponent. A table wider than the text is scaled down to
/// it; notes stand below the table.
std::string to_latex(Block const& block);
/// A whole document of the class `article`.
std::string to_latex(Document const& document);

}  // namespace mambasynth::analysis::document
