#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/checks.hpp"

namespace mambasynth::doctor {
namespace {

// Enough for a sweep of twenty trials: a trial keeps about 10 MB (40 MB while it runs), a series of the default length
// takes 200 MB.
constexpr double comfortable_mb = 1000;

/// One finding per failed attempt.
Findings failures(std::vector<Attempt> const& attempts, Finding const& as) {
  Findings findings;
  for (auto const& attempt : attempts) {
    if (attempt.problem.empty()) continue;
    auto finding = as;
    finding.why = attempt.problem + (as.why.empty() ? "" : "; " + as.why);
    finding.ranks = {attempt.rank};
    findings.push_back(finding);
  }
  return findings;
}

Findings check_locks(FolderFacts const& f) {
  auto findings = failures(f.links, {Level::error,
                                     "folder.lock",
                                     "a sweep cannot be locked in " + f.path,
                                     "the lock is a hard link, which this file system does not support",
                                     "Choose an --out on another file system",
                                     {}});
  if (!findings.empty()) return findings;
  std::vector<int> winners(static_cast<std::size_t>(f.rounds), 0);
  for (auto const& attempt : f.links)
    for (auto const round : attempt.won) ++winners.at(static_cast<std::size_t>(round));
  auto const wrong = std::count_if(winners.begin(), winners.end(), [](int count) { return count != 1; });
  if (wrong > 0)
    return {
        {Level::error,
         "folder.lock",
         fmt::format("two launchers could run the same sweep in {}", f.path),
         fmt::format("in {} of {} rounds, all ranks linked one name and not exactly one succeeded", wrong, f.rounds),
         "Choose an --out on a shared file system with POSIX semantics",
         {}}};
  return {};
}

Findings check_kind(FolderFacts const& f) {
  constexpr std::array in_memory{"tmpfs", "ramfs"};
  if (std::find(in_memory.begin(), in_memory.end(), f.type) != in_memory.end())
    return {{Level::warning,
             "folder.type",
             f.path + " is in memory",
             f.type + ": it is lost with the job or at the next reboot, and takes memory from the trials",
             "Choose an --out on a disk",
             {}}};
  if (f.type == "overlay")
    return {{Level::note,
             "folder.type",
             f.path + " is inside a container",
             "overlay: it may be lost with the container",
             "Bind a folder of the host and choose an --out there",
             {}}};
  if (f.in_home)
    return {{Level::note,
             "folder.home",
             f.path + " is in your home directory",
             "home directories have small quotas and slow disks on most clusters",
             "For large sweeps, choose an --out on the scratch or work file system",
             {}}};
  return {};
}

Findings check_space(FolderFacts const& f) {
  if (f.space.free_mb < comfortable_mb)
    return {{Level::warning,
             "folder.space",
             fmt::format("{} has only {} free", f.path, size_text(f.space.free_mb)),
             "a sweep of twenty default trials takes up to 1 GB with its series",
             "Free space, or choose another --out",
             {}}};
  if (f.write_seconds > 5)
    return {{Level::warning,
             "folder.speed",
             fmt::format("{} is slow", f.path),
             fmt::format("{:.0f} MB took {:.1f} s to reach the disk; a trial saves that much every minute or so",
                         f.written_mb, f.write_seconds),
             "Raise --resume-every, or choose an --out on a faster file system",
             {}}};
  return {};
}

Findings check_hdf5(FolderFacts const& f) {
  if (!f.hdf5.empty())
    return {{Level::error,
             "folder.hdf5",
             "HDF5 cannot write in " + f.path,
             f.hdf5,
             "Choose an --out on another file system",
             {}}};
  if (f.hdf5_locking.empty()) return {};
  return {{Level::note,
           "folder.hdf5_locking",
           "HDF5 cannot lock files in " + f.path,
           f.hdf5_locking + "; mambasynth does not lock its files, but h5py and xarray do",
           f.locks_unsupported ? "Set HDF5_USE_FILE_LOCKING=FALSE when you read them in Python"
                               : "Ask your site's support; mambasynth itself is not affected",
           {}}};
}

}  // namespace

Findings check_folder(Facts const& facts) {
  if (!facts.folder) return {};
  auto const& f = *facts.folder;
  if (!f.not_writable.empty())
    return {{Level::error,
             "folder.writable",
             "results cannot be written to " + f.path,
             f.not_writable,
             "Choose a writable --out with enough space",
             {}}};
  if (!f.not_durable.empty())
    return {{Level::error,
             "folder.durable",
             "files cannot be flushed and renamed in " + f.path,
             f.not_durable,
             "Free space (check your quota), or choose an --out on another file system",
             {}}};
  auto findings = failures(f.sees_new, {Level::error,
                                        "folder.shared",
                                        "a file that rank 0 wrote in " + f.path + " is not visible",
                                        "the folder is not shared between the hosts, or its cache is slow",
                                        "Choose an --out on a file system shared by all nodes",
                                        {}});
  if (findings.empty())
    findings =
        failures(f.sees_replaced,
                 {Level::warning,
                  "folder.cache",
                  "a file that rank 0 replaced in " + f.path + " still shows its old contents",
                  "the file system caches old contents for seconds",
                  "Choose an --out on another file system, or ask your site about its attribute cache (NFS: actimeo)",
                  {}});
  for (auto const check : {check_locks, check_hdf5, check_space, check_kind})
    for (auto& finding : check(f)) findings.push_back(std::move(finding));
  if (worst(findings) < Level::warning)
    findings.push_back({Level::ok,
                        "folder",
                        fmt::format("Results can go to {}: {} free on {}", f.path, size_text(f.space.free_mb), f.type),
                        "writing, flushing, renaming, linking and HDF5 work",
                        "",
                        {}});
  return findings;
}

}  // namespace mambasynth::doctor
