#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sweep/cost_model.hpp"
#include "sweep/plan.hpp"

/// How long the trials of a plan will take: from trials of the folder that have finished, else from training steps that
/// are measured here.
namespace mambasynth::sweep {

struct Forecast {
  std::vector<double> seconds = {};  ///< of one rank, for each trial of the plan; 0 for trials that are done; empty:
                                     ///< unknown
  std::size_t done = 0;              ///< trials of the plan that have a result
  std::string basis = {};            ///< what the seconds are based on: a sentence for the user
};

/// From trials that ran from start to end in one launch; their times include the measurements after training. `costs`:
/// learned from `finished` of them.
Forecast forecast_from_trials(Plan const& plan, std::vector<bool> const& done, CostModel const& costs,
                              std::size_t finished);
/// From training steps: one short measurement of each distinct shape, the most expensive first, until the time is up.
/// Other shapes are scaled by their predicted cost from the measured ones.
Forecast forecast_from_steps(Plan const& plan, std::vector<bool> const& done, Stopwatch const& stopwatch);

/// Seconds until the last trial ends on `workers` ranks if each free rank starts the longest remaining trial, those on
/// several ranks first. Such a trial takes its share of the time on each.
double makespan(Plan const& plan, std::vector<double> const& seconds, int workers);

}  // namespace mambasynth::sweep
