#pragma once

#include <filesystem>

namespace mambasynth::sweep {

/// Removes the temporary files (`.NAME.tmp`, store::AtomicFile) that a killed writer left in `folder` itself. Only for
/// folders that nobody else writes to: the holder of the sweep's lock knows that.
void remove_leftovers(std::filesystem::path const& folder);

}  // namespace mambasynth::sweep
