#pragma once

#include <filesystem>
#include <string>

#include "analysis/document/document.hpp"

namespace mambasynth::analysis::report {

/// The document as one HTML file: style, script, and the figures, read from `folder`, are inside. It makes no request
/// and can be read without JavaScript, which adds sorting and CSV downloads to tables. A content security policy allows
/// only its own style and script.
std::string to_page(document::Document const& document, std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::report
