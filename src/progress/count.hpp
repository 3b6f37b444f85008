#pragma once

#include <atomic>
#include <cstdint>
#include <string>

/// How a long computation says how far it is. It knows nothing of terminals: a Display (display.hpp) of the same
/// thread, if there is one, shows what is counted.
namespace mambasynth::progress {

class Tracker;

/// A loop of known length. Construct it before the loop, in the thread that runs the computation; any thread may add.
/// A loop within an iteration of another one shows how far that iteration is.
///   progress::Count count(windows, "window");
///   for (...) { ...; count.add(); }
class Count {
 public:
  /// `unit`: what is counted, a singular noun; it must outlive the count.
  Count(std::int64_t total, char const* unit);
  Count(Count const&) = delete;
  Count& operator=(Count const&) = delete;
  ~Count();

  void add(std::int64_t done = 1) noexcept { done_.fetch_add(done, std::memory_order_relaxed); }

 private:
  friend class Tracker;
  std::int64_t total_;
  char const* unit_;
  std::atomic<std::int64_t> done_{0};
  Tracker* tracker_;  ///< null if nothing is displayed
  Count* outer_ = nullptr;
};

/// A named part of the displayed work, until the end of its scope.
class Stage {
 public:
  explicit Stage(std::string name);
  Stage(Stage const&) = delete;
  Stage& operator=(Stage const&) = delete;
  ~Stage();

 private:
  Tracker* tracker_;
  std::string before_;
};

}  // namespace mambasynth::progress
