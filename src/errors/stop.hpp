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

/// How a process ends early on request (SIGTERM, SIGINT, SIGUSR2): Slurm, mpirun and users send these, and kill what
/// has not ended half a minute later.
namespace mambasynth::errors {

/// Thrown by what gave its work up on request. No std::exception: whoever goes on without a result that could not be
/// had (a figure, a cached file) must not go on behind a stop.
struct Stopped {
  /// As main tells it, with exit code 75. `signal`: 0 = nobody sent one to this process.
  [[nodiscard]] static Error error(int signal);
};

/// The signal that came since the first StopSignals, or 0. Any thread may ask.
[[nodiscard]] int stop_signal() noexcept;

/// Throws Stopped where a stop was requested. For every loop that can last a second; cheap. Not inside an OpenMP
/// region: see SharedStop.
void heed_stop();

/// Sleeps, heeding stops.
void sleep_heeding(double seconds);

/// While it lives, heed_stop() in this thread asks `requested`, too, some fifty times a second at most.
class StopQuestion {
 public:
  explicit StopQuestion(std::function<bool()> requested);
  StopQuestion(StopQuestion const&) = delete;
  StopQuestion& operator=(StopQuestion const&) = delete;
  ~StopQuestion();

 private:
  friend bool asked_to_stop();
  std::function<bool()> requested_;
  std::chrono::steady_clock::time_point asked_{};
  StopQuestion* outer_;
};

/// For a loop that several threads share: made before it, asked in it, heeded behind it.
///   SharedStop stop;
///   #pragma omp parallel for
///   for (...) { if (stop.requested()) continue; ... }
///   stop.heed();
class SharedStop {
 public:
  SharedStop() : owner_(std::this_thread::get_id()) {}
  [[nodiscard]] bool requested() noexcept;  ///< by any thread of the loop
  void heed() const {
    if (requested_) throw Stopped();
  }

 private:
  std::thread::id owner_;
  std::atomic<bool> requested_{false};
};

/// While it lives, a stop signal sets a flag instead of ending the process. Where nobody heeds it within a second
/// (another library's loop, a read that waits), `clean` is called and the process ends with exit code 75, unless a
/// SavesFirst lives. A second SIGINT ends the process as usual, for the impatient. Behind it USR2 is ignored. (USR1
/// belongs to NCCL.) One inside another does nothing.
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

/// Work that ends by itself once it has saved: while one lives, only a lost process ends it sooner.
class SavesFirst {
 public:
  SavesFirst() noexcept;
  SavesFirst(SavesFirst const&) = delete;
  SavesFirst& operator=(SavesFirst const&) = delete;
  ~SavesFirst();
};

}  // namespace mambasynth::errors
