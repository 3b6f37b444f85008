#include "sweep/manager_watch.hpp"

#include "sweep/lock.hpp"

namespace mambasynth::sweep {

ManagerWatch::ManagerWatch(std::filesystem::path const& folder, double after) : file_(folder / "lock"), after_(after) {}

bool ManagerWatch::lost() {
  auto const time = Clock::now();
  if (time - checked_at_ < after_ / 8) return false;
  checked_at_ = time;
  auto const holder = read_lock(file_);
  if (holder && (holder->token != token_ || holder->heartbeat != heartbeat_)) {
    token_ = holder->token;
    heartbeat_ = holder->heartbeat;
    changed_at_ = time;
  }
  // If the lock is gone, the manager either sends the order to quit next or died just after removing it.
  return !token_.empty() && time - changed_at_ > after_;
}

}  // namespace mambasynth::sweep
