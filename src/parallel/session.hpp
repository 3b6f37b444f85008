#pragma once

#include <functional>
#include <optional>
#include <string>

#include "errors/stop.hpp"
#include "parallel/communicator.hpp"

namespace mambasynth::parallel {

/// MPI from start to end: one object, declared first in main so that it dies last. Without a launcher it is one rank.
/// The rank may use all cores of its launcher, unless a binding was asked for (binding.hpp).
/// Any one thread at a time may call MPI (MPI_THREAD_SERIALIZED).
class Session {
 public:
  /// Errors: errors::machine when MPI cannot give the needed thread support.
  Session();
  Session(Session const&) = delete;
  Session& operator=(Session const&) = delete;
  /// Finalizes. While an exception flies past, the other ranks may be waiting for this one: the job is aborted instead.
  ~Session();

  /// All ranks of the job.
  [[nodiscard]] Communicator const& world() const noexcept { return *world_; }

  /// Runs `body` on this rank and returns the exit code that all ranks agree on. Collective.
  /// What `body` throws ends in one message on stderr and its exit code: an error that every rank meets (a misspelt
  /// flag) is told once, by the lowest rank, and all leave in order. When the others are still at work after
  /// `grace_seconds`, nobody will come to end them: the message is written and the job aborted.
  int run(std::function<int()> const& body, double grace_seconds = 2);

  /// Called inside `run`'s body when some ranks will never answer again: this rank leaves as soon as the body ends,
  /// with its message and exit code but without waiting for anybody (a finalize would).
  void leave_alone() noexcept { alone_ = true; }
  /// The same where the job as a whole has failed: aborts it after `grace_seconds`, in which the others can save.
  /// `silent`: another rank says why. (A launcher that forgives lost ranks would call the job a success.)
  void abort_after(double grace_seconds, bool silent) noexcept {
    alone_ = true, abort_after_ = grace_seconds, silent_ = silent;
  }

 private:
  std::optional<Communicator> world_;
  int exceptions_ = 0;
  bool alone_ = false, silent_ = false;
  std::optional<double> abort_after_;
  std::optional<errors::GracefulStop> leaving_;
};

/// "Open MPI v4.1.4, ..." for provenance and --version.
std::string library_version();
/// "MPI_THREAD_MULTIPLE", ...: what the library gave the running session.
std::string thread_level();

}  // namespace mambasynth::parallel
