#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "errors/errors.hpp"

/// How a process ends early on request (SIGTERM, SIGINT, SIGUSR2). Slurm, mpirun and users send these signals and kill
/// a process that is still running about half a minute later.
namespace mambasynth::errors {

/// Thrown by work that stops on request. Deliberately not a std::exception: a handler that continues without an
/// optional result (a figure, a cached file) must not swallow a stop.
struct Stopped {
  /// The message that main reports, with exit code 75. `signal`: 0 if this process received none.
  [[nodiscard]] static Error error(int signal);
};

/// The signal received since the first StopSignals was constructed, or 0. Thread-safe.
[[nodiscard]] int stop_signal() noexcept;

/// Throws Stopped if a stop was requested. Call it in every loop that can last a second; it is cheap. Inside an OpenMP
/// region use StopFlag instead.
void check_stop();

/// Sleeps; throws Stopped as soon as a stop is requested.
void interruptible_sleep(double seconds);

/// While one exists, check_stop() in this thread also calls `requested`, at most about fifty times a second.
class ScopedStopCheck {
 public:
  explicit ScopedStopCheck(std::function<bool()> requested);
  ScopedStopCheck(ScopedStopCheck const&) = delete;
  ScopedStopCheck& operator=(ScopedStopCheck const&) = delete;
  ~ScopedStopCheck();

 private:
  friend bool stop_requested();
  std::function<bool()> requested_;
  std::chrono::steady_clock::time_point last_call_{};
  ScopedStopCheck* outer_;
};

/// For a loop shared by several threads: construct it before the loop, test it in the loop, throw after the loop.
///   StopFlag stop;
///   #pragma omp parallel for
///   for (...) { if (stop.requested()) continue; ... }
///   stop.throw_if_requested();
class StopFlag {
 public:
  StopFlag() : owner_(std::this_thread::get_id()) {}
  [[nodiscard]] bool requested() noexcept;  ///< thread-safe
  void throw_if_requested() const {
    if (requested_) throw Stopped();
  }

 private:
  std::thread::id owner_;
  std::atomic<bool> requested_{false};
};

/// While one exists, a stop signal sets a flag instead of ending the process. If nothing reacts within a second (a loop
/// in another library, a blocking read), `clean` is called and the process exits with code 75, unless a GracefulStop
/// exists. A second SIGINT ends the process immediately. After destruction, SIGUSR2 remains ignored. (SIGUSR1 belongs
/// to NCCL.) A nested instance does nothing.
class StopSignals {
 public:
  explicit StopSignals(std::function<void()> clean = {});
  StopSignals(StopSignals const&) = delete;
  StopSignals& operator=(StopSignals const&) = delete;
  ~StopSignals();

 private:
  void watch(std::stop_token const& ending);

  bool outermost_;
  std::function<void()> clean_;
  std::array<struct sigaction, 3> previous_{};
  std::jthread watcher_;
};

/// For work that stops on its own after saving its state: while one exists, StopSignals does not force the process to
/// exit.
class GracefulStop {
 public:
  GracefulStop() noexcept;
  GracefulStop(GracefulStop const&) = delete;
  GracefulStop& operator=(GracefulStop const&) = delete;
  ~GracefulStop();
};

}  // namespace mambasynth::errors
