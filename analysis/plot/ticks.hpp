#pragma once

#include <string>

/// Ticks for low panels, where gnuplot's own choice is crowded, and for short logarithmic axes, where it finds hardly
/// any.
namespace mambasynth::analysis::plot {

/// 1, 2 or 5 times a power of ten, so that about three ticks lie within `span`.
double tick_step(double span);

/// What follows gnuplot's `set ytics` for a logarithmic axis from `low` to `high`, 0 < low < high: "(8, 10, 20)".
std::string log_ticks(double low, double high);

}  // namespace mambasynth::analysis::plot
