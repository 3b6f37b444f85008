#pragma once

namespace mambasynth::parallel {

/// Open MPI's mpirun binds each of one or two ranks to a core unless it is told otherwise, so that all threads of a
/// trial share that core. Takes the cores back that the launcher itself may use, where nobody asked for a binding; a
/// binding by flag, environment or Slurm stays (one that stands in Open MPI's parameter files alone cannot be told from
/// its own choice). Call it before any thread starts.
void leave_default_binding();

}  // namespace mambasynth::parallel
