#pragma once

#include <filesystem>

/// Names of files that are being written, and the removal of those whose writer died.
namespace mambasynth::store {

/// `.NAME.mambasynth-WRITER.tmp` beside `target`: unique among the hosts, processes and threads that may write into the
/// same (shared) folder, and in a form from which others can tell whether the writer is alive.
std::filesystem::path temporary_name(std::filesystem::path const& target);

/// Keep the list of this process's uncommitted temporaries.
void register_temporary(std::filesystem::path const& file);
void forget_temporary(std::filesystem::path const& file);
/// Removes them all, for a process that is about to end: a thread that registers another one afterward blocks forever.
void remove_own_temporaries();

/// Removes stale temporaries from `folder`: those of processes that have certainly ended, and those of unknown origin
/// (another host or container) that have not been written to for a week by the file system's clock. Does so once per
/// folder and process.
void remove_temporaries_of_dead_writers(std::filesystem::path const& folder);

/// Removes all temporaries from `folder`, whoever wrote them: for the holder of a lock on it.
void remove_all_temporaries(std::filesystem::path const& folder);

}  // namespace mambasynth::store
