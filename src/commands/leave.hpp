#pragma once

namespace mambasynth::commands {

/// Ends the process after its work: flushes stdout and skips every static destructor. LibTorch's take a tenth
/// of a second, and where a second C++ runtime is in the process they crash it, which a job script takes for a failed
/// run. Call it where MPI is finalized and all files are closed. Output that cannot be written: streams::finish.
[[noreturn]] void leave(int code);

}  // namespace mambasynth::commands
