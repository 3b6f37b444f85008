#pragma once

#include <cstdint>
#include <string>

namespace mambasynth::store {

/// What identifies a process to other processes. A process ID is meaningful only within one PID namespace of one boot:
/// each container counts from 1, and containers often share a host name.
struct Process {
  std::string host = {};
  std::int64_t pid = 0;
  std::int64_t process_start = 0;   ///< clock ticks since boot, as seen in its time namespace; 0 = unknown
  std::string boot_id = {};         ///< of the kernel; empty = unknown
  std::string pid_namespace = {};   ///< "pid:[4026531836]"; empty = unknown
  std::string time_namespace = {};  ///< likewise, for the clock that counts process_start
};

Process this_process();

/// Whether `self` sees `other` under the same process ID: boot and PID namespace are known and equal.
bool shares_process_ids(Process const& other, Process const& self);

/// Whether a process that shares IDs with this one is running. IDs are reused, so the start time decides if it is
/// known.
bool is_running(Process const& other);

}  // namespace mambasynth::store
