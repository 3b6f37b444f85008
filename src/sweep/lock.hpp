#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/process.hpp"

/// DIR/lock: one launcher a sweep folder, on local and network file systems, without fcntl locks (they hang on some).
namespace mambasynth::sweep {

/// What the lock file says about its holder.
struct Holder : store::Process {
  std::string slurm_job;            ///< empty outside Slurm
  std::string slurm_cluster;        ///< whose job that is; empty = unknown
  std::int64_t slurm_restarts = 0;  ///< SLURM_RESTART_COUNT: how often the job was requeued
  std::string token;                ///< random: tells this lock from any other
  std::int64_t heartbeat = 0;

  /// "process 123 on node7, Slurm job 42"
  [[nodiscard]] std::string describe() const;
};

/// Nothing if the file is missing, unreadable or not a lock.
std::optional<Holder> read_lock(std::filesystem::path const& file);
/// This process.
Holder this_process();

/// How a lock's holder is looked at. The defaults ask the machine; tests put their own in.
struct LockRules {
  std::chrono::milliseconds heartbeat{2000};
  std::chrono::milliseconds stale_after{120000};
  /// Whether the recorded process runs; asked only where it shares this one's process ids (store::shares_process_ids).
  std::function<bool(Holder const&)> process_lives;
  /// true: the job runs or waits; false: Slurm says that it ended; nothing: Slurm cannot be asked.
  std::function<std::optional<bool>(std::string const& job)> job_lives;
  /// Called once when it may take up to stale_after to tell whether the holder lives.
  std::function<void(Holder const&)> waiting;
  std::function<void(std::string const&)> warn;  ///< a line: what is no lock was set aside
  LockRules();
};

/// Whether the holder is gone, from what can be known at once: the same boot and PID namespace, or Slurm. `self` is the
/// observer.
bool is_gone(Holder const& holder, Holder const& self, LockRules const& rules);

/// Held while it lives; a thread of its own moves the heartbeat counter. No clock is compared between machines.
class Lock {
 public:
  /// Takes DIR/lock. A stale one is replaced; a held one is errors::usage naming its holder, unless `take_over`.
  /// Waiting heeds a stop (errors::Stopped). Of several who find the same stale lock exactly one wins.
  explicit Lock(std::filesystem::path const& folder, bool take_over = false, LockRules rules = {});
  Lock(Lock const&) = delete;
  Lock& operator=(Lock const&) = delete;
  ~Lock();

  /// Somebody else took the folder over (or removed the lock): stop writing there.
  [[nodiscard]] bool lost() const noexcept;

 private:
  struct Beat;
  std::unique_ptr<Beat> beat_;
};

}  // namespace mambasynth::sweep
