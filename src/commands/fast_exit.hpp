#pragma once

namespace mambasynth::commands {

/// Flushes stdout and exits without running static destructors. LibTorch's take 0.1 s, and with a second C++ runtime in
/// the process they crash, which a job script would mistake for a failed run. Call it after MPI is finalized and all
/// files are closed. For output that cannot be written see streams::finish.
[[noreturn]] void fast_exit(int code);

}  // namespace mambasynth::commands
