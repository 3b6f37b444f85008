#pragma once

#include <functional>

#include "sweep/worker.hpp"

/// Runs several trials concurrently in one process, one per slot. They share a CUDA context, so that kernels of one
/// trial fill the parts of the GPU that another leaves idle. Separate processes cannot do this: they time-slice the
/// GPU.
namespace mambasynth::sweep {

/// How many trials a rank trains concurrently, and whether the next one trains while one is measured.
struct Slots {
  int trainings = 1;
  bool overlap = false;
};

/// Runs serve() in a thread for each training, and in one more if they overlap with measurements, over one link; slot 0
/// is the calling thread. If one of them fails, the others save their trials and its error is rethrown.
Served serve_slots(WorkerLink& link, Slots const& slots, Hooks const& hooks, int rank,
                   std::function<bool()> const& manager_lost = {}, MakeGroup const& make_group = {});

}  // namespace mambasynth::sweep
