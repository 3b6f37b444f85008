#pragma once

#include <string>

#include "evaluate/evaluation.hpp"

namespace mambasynth::evaluate {

/// The evaluation as tables for a terminal: the panels' dimensions and moments, their controls, what probes read.
std::string report(Evaluation const& evaluation);

}  // namespace mambasynth::evaluate
