#include "commands/memory.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

#include "doctor/memory.hpp"

namespace mambasynth::commands {

config::Limit memory_here() {
  constexpr double mega = 1e6;
  auto const memory = doctor::read_memory();
  config::Limit limit{static_cast<std::uint64_t>(memory.node_mb * mega), "this machine has"};
  if (memory.node_mb <= 0) limit = config::address_space();
  if (memory.cgroup_mb && *memory.cgroup_mb * mega < static_cast<double>(limit.bytes))
    limit = {static_cast<std::uint64_t>(*memory.cgroup_mb * mega), "this job's control group has"};
  rlimit address{};
  if (getrlimit(RLIMIT_AS, &address) == 0 && address.rlim_cur != RLIM_INFINITY && address.rlim_cur < limit.bytes)
    limit = {address.rlim_cur, "ulimit -v allows"};
  return limit;
}

void require_memory_for(config::Data const& data, std::int64_t parts) {
  if (data.path.empty())
    config::require_within(config::needs_of_series(data, "data.n_steps", data.n_steps / parts), memory_here());
}

void require_memory_for_process(config::Data const& data) {
  config::require_within(config::needs_of_process(data), memory_here());
}

}  // namespace mambasynth::commands
