#include "commands/room.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

#include "doctor/look_memory.hpp"

namespace mambasynth::commands {

config::Room memory_here() {
  constexpr double mega = 1e6;
  auto const memory = doctor::memory_here();
  config::Room room{static_cast<std::uint64_t>(memory.node_mb * mega), "this machine has"};
  if (memory.node_mb <= 0) room = config::address_space();
  if (memory.cgroup_mb && *memory.cgroup_mb * mega < static_cast<double>(room.bytes))
    room = {static_cast<std::uint64_t>(*memory.cgroup_mb * mega), "this job's control group has"};
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < room.bytes) room = {limit.rlim_cur, "ulimit -v gives"};
  return room;
}

void require_memory_for(config::Data const& data, std::int64_t parts) {
  if (data.path.empty()) config::require_room(config::needs_of_series(data, "data.n_steps", data.n_steps / parts), memory_here());
}

void require_memory_for_process(config::Data const& data) { config::require_room(config::needs_of_process(data), memory_here()); }

}  // namespace mambasynth::commands
