#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

/// How many threads are worth starting here. The machine's number of cores is an answer only where nobody has taken
/// some away.
namespace mambasynth::cores {

/// Numbers of the cores that this thread may run on (its affinity mask), ascending.
std::vector<int> allowed();

/// Processor time that the control groups of this process grant: the least of its own group and all above it. Version
/// 1: cpu.cfs_quota_us / cpu.cfs_period_us, version 2: cpu.max.
struct Quota {
  double cores = 0;             ///< seconds of processor time a second
  std::filesystem::path group;  ///< the folder of the group that grants no more
};
/// Nothing without a limit. `root`: where proc/self and the groups' mount points are looked for.
std::optional<Quota> quota(std::filesystem::path const& root = "/");

/// Whole cores of `count` that `quota` leaves, at least 1. A part of a core would stop all threads for the rest of each
/// period.
int within(int count, std::optional<Quota> const& quota);

/// Cores that this process may keep busy: its mask and its quota, at least 1.
int usable(std::filesystem::path const& root = "/");

/// What a process of a machine may use. `quota`: 0 without one; `group`: the same for all whom one quota limits
/// together.
struct Claim {
  double quota = 0;
  std::uint64_t group = 0;
  std::vector<int> cores;
};
/// What is left for `mine` where each of `all`, itself among them, takes its part of every core and quota it shares; at
/// least 1.
int share(Claim const& mine, std::vector<Claim> const& all);

/// The first number of OMP_NUM_THREADS. Nothing without; a value that is no such number is ignored with a warning.
std::optional<int> omp_num_threads();

/// Threads where nobody gave --threads: `usable`, or OMP_NUM_THREADS where that is less. (Threads that share a core
/// wait for each other; more than there are cores is ignored, with a warning.)
int default_threads(int usable);
int default_threads();

}  // namespace mambasynth::cores
