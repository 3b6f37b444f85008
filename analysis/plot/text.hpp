#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Text of figures: what gnuplot may see of it, and the room that it takes.
namespace mambasynth::analysis::plot {

/// `text` escaped for a double-quoted gnuplot string, at most `longest` bytes.
std::string quotable(std::string_view text, std::size_t longest = 200);

/// Width in millimeters in the widest common sans-serif font (DejaVu Sans), so that any other one fits, too.
double text_width(std::string_view text, double points);

/// Lines no wider than `width`, broken at spaces; words that are wider are shortened.
std::vector<std::string> wrapped_text(std::string_view text, double width, double points);

/// Separated by line ends.
std::vector<std::string> lines_of(std::string const& text);

/// As much of the start as fits into `width`, then an ellipsis.
std::string shortened(std::string const& text, double width, double points);

/// A number as print has it: "−0.5", "2×10⁻⁴", "10⁶".
std::string number_text(double value);

/// "10,000"
std::string count_text(std::size_t count);

}  // namespace mambasynth::analysis::plot
