#pragma once

#include <string>
#include <string_view>

#include "analysis/document/inline_text.hpp"

namespace mambasynth::analysis::document {

/// As characters that pdflatex prints without further packages. One that its fonts lack stands as its number, U+4E2D.
std::string latex_escaped(std::string_view text);
std::string latex_text(Inline const& text);
/// A label for \label and \ref: letters, digits, and "-:." remain, anything else becomes "-".
std::string latex_label(std::string const& label);

}  // namespace mambasynth::analysis::document
