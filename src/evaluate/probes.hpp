#pragma once

#include <cstdint>

#include "analysis/trial_file/probe_scores.hpp"
#include "evaluate/panel_rows.hpp"
#include "evaluate/targets.hpp"

namespace mambasynth::evaluate {

/// Linear probes of every panel: multinomial logistic regression for the circle, ridge regression for the rest, on five
/// held-out stretches of time made of whole visits, with `guard` rows left out around each. The controls are the
/// untrained network, and targets shifted circularly in time by more than the guard: `shifts` times, by fixed offsets.
/// Rows are in time order. guard_steps is left at 0; the result is empty if there are too few rows to hold any out.
analysis::trial_file::Probes probe_panels(PanelPair const& panels, Targets const& targets, std::int64_t guard,
                                          int threads, std::int64_t shifts = 20);

/// Rows that can be left out around each stretch: `wanted`, or fewer if there are few rows.
std::int64_t affordable_guard(std::int64_t rows, std::int64_t wanted);

}  // namespace mambasynth::evaluate
