#pragma once

#include <functional>

#include "sweep/transport.hpp"
#include "sweep/trial.hpp"

namespace mambasynth::sweep {

/// Makes the group of an order's ranks.
using MakeGroup = std::function<parallel::Group(Order const& order)>;

/// Runs one trial in the calling thread, or this rank's part of it; the rest of this is the leader's: makes its folder,
/// removes the failure.json of an earlier try, calls `hooks.run`, turns whatever it throws into a state, proves that a
/// committed trial left a valid trial.h5, and writes failure.json for any other. Its reports go to `link`;
/// `stop_requested` is what the trial is told.
Report run_trial(Order const& order, Hooks const& hooks, int rank, WorkerLink& link,
                 std::function<bool()> const& stop_requested, MakeGroup const& make_group = {});

/// How a worker's service ended.
struct Served {
  int exit_code = 0;
  bool ranks_lost = false;    ///< some ranks will never answer again: leave without them
  bool manager_lost = false;  ///< there is no exit code: `manager_lost` said so
};

/// Serves orders until told to quit. A stop signal of this process is reported to the manager, which stops everybody.
/// `manager_lost`: asked now and then; true lets the running trial save and ends the service.
Served serve(WorkerLink& link, Hooks const& hooks, int rank, std::function<bool()> const& manager_lost = {},
             MakeGroup const& make_group = {});

}  // namespace mambasynth::sweep
