#pragma once

#include <cstdint>
#include <string>

namespace mambasynth::store {

/// A process as another one can recognize it. A process id means something in one PID namespace of one boot alone:
/// containers count from 1 each, and often share a host name, too.
struct Process {
  std::string host = {};
  std::int64_t pid = 0;
  std::int64_t process_start = 0;   ///< clock ticks since boot, as its time namespace shows them; 0 = unknown
  std::string boot_id = {};         ///< of the kernel; empty = unknown
  std::string pid_namespace = {};   ///< "pid:[4026531836]"; empty = unknown
  std::string time_namespace = {};  ///< the same of the clock that counts process_start
};

Process this_process();

/// Whether `self` would see `other` under its process id: the same boot and the same PID namespace, both known.
bool shares_process_ids(Process const& other, Process const& self);

/// For a process that shares ids with this one: whether it runs. Ids are reused: the start time tells, where it is
/// known.
bool is_running(Process const& other);

}  // namespace mambasynth::store
