#pragma once

#include <functional>

#include "sweep/worker.hpp"

/// Several trials at once in one process: its slots. They share the GPU's context, so that kernels of one fill what
/// those of another leave idle, which processes that share a card cannot do (they take turns at it).
namespace mambasynth::sweep {

/// serve() in `slots` threads over one link, slot 0 in the calling thread. When one of them fails, the others save what
/// they run, and its error flies.
Served serve_slots(WorkerLink& link, int slots, Hooks const& hooks, int rank,
                   std::function<bool()> const& manager_lost = {}, MakeGroup const& make_group = {});

}  // namespace mambasynth::sweep
