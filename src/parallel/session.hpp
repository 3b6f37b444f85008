#pragma once

#include <functional>
#include <optional>
#include <string>

#include "errors/stop.hpp"
#include "parallel/communicator.hpp"

namespace mambasynth::parallel {

/// Initializes and finalizes MPI. Declare it first in main so that it is destroyed last. Without a launcher there is
/// one rank. The rank may use all cores of its launcher, unless a binding was requested (binding.hpp).
/// Any thread may call MPI, but only one at a time (MPI_THREAD_SERIALIZED).
class Session {
 public:
  /// Errors: errors::machine if MPI lacks the required thread support.
  Session();
  Session(Session const&) = delete;
  Session& operator=(Session const&) = delete;
  /// Finalizes MPI. During stack unwinding the job is aborted instead, because other ranks may be waiting for this one.
  ~Session();

  /// All ranks of the job.
  [[nodiscard]] Communicator const& world() const noexcept { return *world_; }

  /// Runs `body` on this rank and returns the exit code that all ranks agree on. Collective.
  /// An exception from `body` becomes one message on stderr and an exit code. An error that every rank encounters (a
  /// misspelled flag) is reported once, by the lowest rank, and all ranks exit normally. If the other ranks are still
  /// busy after `grace_seconds`, the message is written and the job aborted.
  int run(std::function<int()> const& body, double grace_seconds = 2);

  /// Call inside `run`'s body if some ranks will never respond again: this rank exits as soon as the body returns,
  /// with its message and exit code but without MPI_Finalize, which would wait for all ranks.
  void exit_without_finalize() noexcept { skip_finalize_ = true; }
  /// The same if the job as a whole has failed: aborts it after `grace_seconds`, during which the others can save.
  /// `quiet`: another rank reports the reason. (A launcher that tolerates lost ranks would report success otherwise.)
  void abort_after(double grace_seconds, bool quiet) noexcept {
    skip_finalize_ = true, abort_after_ = grace_seconds, quiet_ = quiet;
  }

 private:
  std::optional<Communicator> world_;
  int exceptions_ = 0;
  bool skip_finalize_ = false, quiet_ = false;
  std::optional<double> abort_after_;
  std::optional<errors::GracefulStop> graceful_stop_;
};

/// "Open MPI v4.1.4, ..." for provenance and --version.
std::string library_version();
/// The thread level that MPI provided, e.g. "MPI_THREAD_MULTIPLE".
std::string thread_level();

}  // namespace mambasynth::parallel
