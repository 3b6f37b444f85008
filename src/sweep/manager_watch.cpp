#include "sweep/manager_watch.hpp"

#include "sweep/lock.hpp"

namespace mambasynth::sweep {

ManagerWatch::ManagerWatch(std::filesystem::path const& folder, double after) : file_(folder / "lock"), after_(after) {}

bool ManagerWatch::lost() {
  auto const time = Clock::now();
  if (time - looked_ < after_ / 8) return false;
  looked_ = time;
  auto const holder = read_lock(file_);
  if (holder && (holder->token != token_ || holder->heartbeat != heartbeat_)) {
    token_ = holder->token;
    heartbeat_ = holder->heartbeat;
    moved_ = time;
  }
  // A lock that is gone: the manager is about to say so, or died right behind.
  return !token_.empty() && time - moved_ > after_;
}

}  // namespace mambasynth::sweep
