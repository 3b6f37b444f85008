#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

/// How many threads are useful here, which may be fewer than the machine's cores: affinity masks and cgroup quotas
/// limit them.
namespace mambasynth::cores {

/// The cores that this thread may run on (its affinity mask), in ascending order.
std::vector<int> allowed();

/// The CPU time that this process's control groups grant: the minimum over its own group and all ancestors. Version 1:
/// cpu.cfs_quota_us / cpu.cfs_period_us, version 2: cpu.max.
struct Quota {
  double cores = 0;             ///< seconds of CPU time per second
  std::filesystem::path group;  ///< the folder of the limiting group
};
/// Nothing if there is no limit. `root`: the folder that contains proc/self and the groups' mount points.
std::optional<Quota> quota(std::filesystem::path const& root = "/");

/// The whole cores of `count` that `quota` allows, at least 1. Using a fraction of a core more would throttle all
/// threads for the rest of each period.
int within(int count, std::optional<Quota> const& quota);

/// The cores that this process may use, given its mask and its quota; at least 1.
int usable(std::filesystem::path const& root = "/");

/// What one process on a node may use. `quota`: 0 if none; `group`: identifies the processes that share a quota.
struct Claim {
  double quota = 0;
  std::uint64_t group = 0;
  std::vector<int> cores;
};
/// The cores for `mine` if all processes in `all`, which includes it, divide each shared core and quota equally; at
/// least 1.
int share(Claim const& mine, std::vector<Claim> const& all);

/// The first number in OMP_NUM_THREADS; nothing if it is not set. An invalid value is ignored with a warning.
std::optional<int> omp_num_threads();

/// The number of threads without --threads: `usable`, or OMP_NUM_THREADS if that is lower. (A higher value is ignored
/// with a warning, because threads that share a core wait for each other.)
int default_threads(int usable);
int default_threads();

}  // namespace mambasynth::cores
