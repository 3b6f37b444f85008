#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/process.hpp"

/// DIR/lock allows one launcher per sweep folder, on local and network file systems. It does not use fcntl locks, which
/// hang on some of them.
namespace mambasynth::sweep {

/// The lock file's record of its holder.
struct Holder : store::Process {
  std::string slurm_job;            ///< empty outside Slurm
  std::string slurm_cluster;        ///< the cluster of that job; empty = unknown
  std::int64_t slurm_restarts = 0;  ///< SLURM_RESTART_COUNT: how often the job was requeued
  std::string token;                ///< random; unique to this lock
  std::int64_t heartbeat = 0;

  /// "process 123 on node7, Slurm job 42"
  [[nodiscard]] std::string describe() const;
};

/// Nothing if the file is missing, unreadable or not a lock.
std::optional<Holder> read_lock(std::filesystem::path const& file);
/// This process.
Holder this_process();

/// How to determine whether a lock's holder is alive. The defaults query the machine; tests inject their own.
struct LockRules {
  std::chrono::milliseconds heartbeat{2000};
  std::chrono::milliseconds stale_after{120000};
  /// Whether the recorded process is running; called only if process IDs are shared (store::shares_process_ids).
  std::function<bool(Holder const&)> process_lives;
  /// true: the job is running or pending; false: it has ended; nothing: Slurm is not available.
  std::function<std::optional<bool>(std::string const& job)> job_lives;
  /// Called once if it may take up to stale_after to find out whether the holder is alive.
  std::function<void(Holder const&)> waiting;
  std::function<void(std::string const&)> warn;  ///< called with a line if a file that is not a lock was moved aside
  LockRules();
};

/// Whether the holder is known to be gone without waiting: by its process (same boot and PID namespace) or by Slurm.
/// `self` is the observer.
bool is_gone(Holder const& holder, Holder const& self, LockRules const& rules);

/// Holds the lock during its lifetime; a background thread increments the heartbeat counter. Clocks of different
/// machines are never compared.
class Lock {
 public:
  /// Acquires DIR/lock. Replaces a stale lock; if the lock is held, throws errors::usage naming the holder, unless
  /// `take_over`. A stop ends the wait (errors::Stopped). If several launchers find the same stale lock, exactly one
  /// wins.
  explicit Lock(std::filesystem::path const& folder, bool take_over = false, LockRules rules = {});
  Lock(Lock const&) = delete;
  Lock& operator=(Lock const&) = delete;
  ~Lock();

  /// Whether another launcher took over the folder (or removed the lock): stop writing there.
  [[nodiscard]] bool lost() const noexcept;

 private:
  struct Heartbeat;
  std::unique_ptr<Heartbeat> heartbeat_;
};

}  // namespace mambasynth::sweep
