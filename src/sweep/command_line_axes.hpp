#pragma once

#include <string>
#include <vector>

#include "sweep/sweep_file.hpp"

/// Axes and baseline from the command line.
namespace mambasynth::sweep {

/// Applies each "section.key=VALUE,...": replaces the axis of that key, or adds one after the others. For an integer
/// key, "2:5" stands for 2,3,4,5. Errors: errors::usage for text of another form, an unknown key or unacceptable value,
/// a key given twice, and an axis of the file whose other keys vary with this one.
void apply_axes(SweepFile& sweep, std::vector<std::string> const& axes);

/// Applies "section.key=value" to the baseline. Errors: errors::usage for text of another form, an unknown key or
/// unacceptable value.
void apply_baseline(SweepFile& sweep, std::string const& assignment);

/// Errors: errors::usage if no axis and no [[sweep.include]] has a value of the baseline.
void require_baseline_cell(SweepFile const& sweep);

/// The name of a sweep without a file: the keys of its axes without their sections, e.g. "gate_lr_factor_d_state".
std::string name_of_axes(std::vector<std::string> const& axes);

}  // namespace mambasynth::sweep
