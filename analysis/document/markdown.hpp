#pragma once

#include <string>

#include "analysis/document/document.hpp"

/// GitHub's Markdown, to be rendered: everything is escaped that it would take for markup. (terminal.hpp writes
/// Markdown to be read as it stands.)
namespace mambasynth::analysis::document {

std::string to_markdown(Block const& block);
std::string to_markdown(Document const& document);

}  // namespace mambasynth::analysis::document
