#pragma once

#include <string>

#include "evaluate/evaluation.hpp"

namespace mambasynth::evaluate {

/// The evaluation as tables for a terminal: dimensions and moments of the panels, their controls, scores of the probes.
std::string report(Evaluation const& evaluation);

}  // namespace mambasynth::evaluate
