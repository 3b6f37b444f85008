#pragma once

#include <string>
#include <vector>

/// Ticks for low panels, where gnuplot's own choice is crowded, and for short logarithmic axes, where it finds hardly
/// any.
namespace mambasynth::analysis::plot {

/// 1, 2 or 5 times a power of ten, so that about three ticks lie within `span`.
double tick_step(double span);

/// Three to six round numbers from low to high.
std::vector<double> even_ticks(double low, double high);

/// At least three ticks of a logarithmic axis, 0 < low < high.
std::vector<double> log_ticks(double low, double high);

/// As print has them: even ticks have the same decimals.
std::vector<std::string> tick_labels(std::vector<double> const& ticks, bool log);

/// What follows gnuplot's `set xtics` or `set ytics`: "("8" 8, "10⁴" 10000)".
std::string tick_words(std::vector<double> const& ticks);

}  // namespace mambasynth::analysis::plot
