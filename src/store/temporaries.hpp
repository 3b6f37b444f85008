#pragma once

#include <filesystem>

/// Names of files that are being written, and the removal of those whose writer died.
namespace mambasynth::store {

/// `.NAME.mambasynth-WRITER.tmp` beside `target`: unique among the hosts, processes and threads that may write into the
/// same (shared) folder, and of a form from which others can tell whether the writer is alive.
std::filesystem::path temporary_name(std::filesystem::path const& target);

/// Keeps the list of this process's temporaries that are not committed yet.
void register_temporary(std::filesystem::path const& file);
void forget_temporary(std::filesystem::path const& file);
/// Removes them all, in a process that is about to end: a thread that registers another one then blocks forever.
void remove_own_temporaries();

/// Removes from `folder` the stale temporaries: those of processes that have certainly ended, and those of unknown
/// origin (another host, another container) that have not been written to for a week by the file system's clock. Does
/// so once per folder and process.
void remove_temporaries_of_dead_writers(std::filesystem::path const& folder);

/// Removes all temporaries from `folder`, whoever wrote them: for the holder of a lock on it.
void remove_all_temporaries(std::filesystem::path const& folder);

}  // namespace mambasynth::store
