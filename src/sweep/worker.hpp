#pragma once

#include "sweep/transport.hpp"
#include "sweep/trial.hpp"

namespace mambasynth::sweep {

/// Runs one trial in the calling thread: makes its folder, removes the failure.json of an earlier try, calls
/// `hooks.run`, turns whatever it throws into a state, proves that a committed trial left a valid trial.h5, and writes
/// failure.json for any other. Its reports go to `link`; `stop_requested` is what the trial is told.
Report run_trial(Order const& order, Hooks const& hooks, int rank, WorkerLink& link,
                 std::function<bool()> const& stop_requested);

/// Serves orders until told to quit; returns the exit code that came with it. A stop signal of this process is reported
/// to the manager, which stops everybody.
int serve(WorkerLink& link, Hooks const& hooks, int rank);

}  // namespace mambasynth::sweep
