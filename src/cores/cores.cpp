#include "cores/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#include "cgroups/cgroups.hpp"
#include "environment/environment.hpp"

namespace mambasynth::cores {
namespace {

namespace fs = std::filesystem;

/// The quota in a group's own files; nothing for "max", -1 or anything that is not a number.
std::optional<double> granted(fs::path const& group, int version) {
  double quota = 0, period = 0;
  if (version == 2) {
    std::ifstream file(group / "cpu.max");
    if (!(file >> quota)) return std::nullopt;
    if (!(file >> period)) period = 100000;
  } else {
    std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
    if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  }
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return quota / period;
}

}  // namespace

std::vector<int> allowed() {
  std::vector<int> cores;
  // A machine may have more cores than cpu_set_t holds.
  for (int size = 1024; size <= 1 << 18; size *= 4) {
    auto* const set = CPU_ALLOC(static_cast<std::size_t>(size));
    auto const bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    bool const known = ::sched_getaffinity(0, bytes, set) == 0;
    for (int core = 0; known && core < size; ++core)
      if (CPU_ISSET_S(static_cast<std::size_t>(core), bytes, set)) cores.push_back(core);
    CPU_FREE(set);
    if (known) break;
  }
  return cores;
}

std::optional<Quota> quota(fs::path const& root) {
  std::optional<Quota> least;
  for (auto const& hierarchy : cgroups::hierarchies("cpu", root))
    for (auto const& group : hierarchy.groups) {
      auto const cores = granted(group, hierarchy.version);
      if (cores && (!least || *cores < least->cores)) least = Quota{*cores, group};
    }
  return least;
}

int within(int count, std::optional<Quota> const& quota) {
  if (quota && quota->cores < count) count = static_cast<int>(std::floor(quota->cores + 1e-6));
  return std::max(1, count);
}

int usable(fs::path const& root) { return within(static_cast<int>(allowed().size()), quota(root)); }

int share(Claim const& mine, std::vector<Claim> const& all) {
  double cores = 0;
  for (int const core : mine.cores)
    cores += 1.0 / static_cast<double>(std::max<std::ptrdiff_t>(
                       1, std::count_if(all.begin(), all.end(), [&](auto const& other) {
                         return std::binary_search(other.cores.begin(), other.cores.end(), core);
                       })));
  if (mine.quota > 0) {
    auto const together = std::count_if(
        all.begin(), all.end(), [&](auto const& other) { return other.quota > 0 && other.group == mine.group; });
    cores = std::min(cores, mine.quota / static_cast<double>(std::max<std::ptrdiff_t>(1, together)));
  }
  return std::max(1, static_cast<int>(std::floor(cores + 1e-6)));
}

std::optional<int> omp_num_threads() {
  auto const text = environment::value("OMP_NUM_THREADS");
  if (!text) return std::nullopt;
  auto const number = environment::parse_integer(text->substr(0, text->find(',')), 1, std::numeric_limits<int>::max());
  if (!number) {
    environment::warn_ignored("OMP_NUM_THREADS", "it is not a positive integer",
                              "Set it to 1 or more, or unset it; --threads overrides it");
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

int default_threads(int usable) {
  auto const asked = omp_num_threads();
  if (asked && *asked > usable)
    environment::warn_ignored(
        "OMP_NUM_THREADS", "only " + std::to_string(usable) + (usable == 1 ? " core" : " cores") + " may be used here",
        "Request more cores, or lower it; --threads overrides it");
  return asked ? std::min(*asked, usable) : usable;
}
int default_threads() { return default_threads(usable()); }

}  // namespace mambasynth::cores
