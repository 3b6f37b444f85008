#pragma once

namespace mambasynth::environment {

/// Call first in main. By default, glibc returns the arrays of every training step to the kernel, which then has to map
/// and clear their pages again: a third of a step's time with 8 threads (kernels/NOTES.md). After this call, the
/// process keeps what it frees, up to arrays of 1 GiB. Does nothing in other C libraries, where glibc's own variables
/// are set, and where address space is limited (ulimit -v, ulimit -d, strict overcommit): there, what is kept between
/// live objects would be missing when a trial that ran out of memory continues with smaller batches.
void keep_freed_memory();

}  // namespace mambasynth::environment
