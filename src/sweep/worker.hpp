#pragma once

#include <functional>

#include "sweep/transport.hpp"
#include "sweep/trial.hpp"

namespace mambasynth::sweep {

/// Creates the group of an order's ranks.
using MakeGroup = std::function<parallel::Group(Order const& order)>;

/// Runs one trial, or this rank's part of it, in the calling thread: calls `hooks.run` and turns whatever it throws
/// into a state. The root rank also creates the trial's folder, removes the failure.json of an earlier try, verifies
/// that a committed trial left a valid trial.h5, and writes failure.json for any other. Reports go to `link`; the trial
/// polls `stop_requested`.
Report run_trial(Order const& order, Hooks const& hooks, int rank, WorkerLink& link,
                 std::function<bool()> const& stop_requested, MakeGroup const& make_group = {});

/// How serve() ended.
struct Served {
  int exit_code = 0;
  bool ranks_lost = false;    ///< some ranks will never respond again: exit without waiting for them
  bool manager_lost = false;  ///< the manager is lost, so there is no exit code
};

/// Executes orders until told to quit. A stop signal of this process is reported to the manager, which stops all ranks.
/// `manager_lost` is polled; once true, the running trial saves and serve() returns.
Served serve(WorkerLink& link, Hooks const& hooks, int rank, std::function<bool()> const& manager_lost = {},
             MakeGroup const& make_group = {});

}  // namespace mambasynth::sweep
