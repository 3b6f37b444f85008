#pragma once

#include <cstddef>
#include <optional>

namespace mambasynth::sweep {

/// Columns of the terminal that shows this process's stderr: its own, or that of the mpirun on this machine that
/// forwards our stderr. Nothing if no terminal shows it.
std::optional<std::size_t> screen_columns();

}  // namespace mambasynth::sweep
