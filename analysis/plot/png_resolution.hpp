#pragma once

#include <string>

namespace mambasynth::analysis::plot {

/// The bytes of a PNG with a pHYs chunk of so many dots an inch, without which Word and LaTeX take it for 72 or 96 and
/// set the figure three to four times too large. Bytes that are no PNG, or that have the chunk, stay as they are.
std::string with_resolution(std::string png, double dots_per_inch);

}  // namespace mambasynth::analysis::plot
