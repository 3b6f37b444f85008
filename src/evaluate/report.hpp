#pragma once

#include <string>

#include "evaluate/evaluation.hpp"

namespace mambasynth::evaluate {

/// The evaluation as tables for a terminal: dimensions and moments of the panels, their controls, scores of the probes.
/// `label`: what the probed circle is called, "label" for a recording.
std::string report(Evaluation const& evaluation, std::string const& label = "circle");

}  // namespace mambasynth::evaluate
