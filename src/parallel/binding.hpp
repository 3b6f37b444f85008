#pragma once

namespace mambasynth::parallel {

/// By default, Open MPI's mpirun binds each of one or two ranks to a single core, so that all threads of a trial share
/// it. mambasynth undoes that default binding: the rank may use every core that its launcher may use. A binding by
/// flag, environment or Slurm is kept; one set in Open MPI's parameter files only looks like the default and is undone.
/// Call it before any thread starts.
void undo_default_binding();

}  // namespace mambasynth::parallel
