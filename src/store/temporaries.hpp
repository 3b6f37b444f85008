#pragma once

#include <filesystem>

/// Names of files that are being written, and what becomes of those whose writer died.
namespace mambasynth::store {

/// `.NAME.mambasynth-WRITER.tmp` beside `target`: unique among the hosts, processes and threads that may write into the
/// same (shared) folder, and of a form that tells whether the writer lives.
std::filesystem::path temporary_name(std::filesystem::path const& target);

/// Temporaries of this process that are not committed yet.
void register_temporary(std::filesystem::path const& file);
void forget_temporary(std::filesystem::path const& file);
/// Removes them all, in a process that ends right behind: who registers another one waits for ever.
void remove_own_temporaries();

/// Removes from `folder` the temporaries of processes that have ended for certain, and those of unknown places (another
/// host, another container) that nobody has written to for a week of the file system's own time. Once a folder and
/// process.
void remove_temporaries_of_dead_writers(std::filesystem::path const& folder);

/// Removes all temporaries from `folder` itself, whoever wrote them: for the holder of a lock on it.
void remove_all_temporaries(std::filesystem::path const& folder);

}  // namespace mambasynth::store
