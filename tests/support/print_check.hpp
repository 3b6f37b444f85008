#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/drawing.hpp"

/// Whether a figure can be read where it is printed.
namespace mambasynth::tests {

/// What a reader would complain about, each in words: text off the page, texts that touch, text on points, text smaller
/// than 7 points, panels in which nothing lies. Widths are those of the widest common font.
std::vector<std::string> faults_of(Drawing const& drawing);

/// read_drawing() of a figure without faults; throws std::runtime_error with the list if it has any.
Drawing read_figure(std::filesystem::path const& file);

}  // namespace mambasynth::tests
