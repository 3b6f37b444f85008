#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace mambasynth::sweep {

/// Exponential backoff for polling an empty queue: first short sleeps, since a reply often follows immediately, then
/// longer ones, so that waiting takes no CPU time from a trial on the same core.
class Backoff {
 public:
  void wait() {
    std::this_thread::sleep_for(next_);
    next_ = std::min(2 * next_, longest);
  }
  void reset() { next_ = shortest; }

 private:
  static constexpr std::chrono::microseconds shortest{50};
  static constexpr std::chrono::microseconds longest{2000};
  std::chrono::microseconds next_ = shortest;
};

}  // namespace mambasynth::sweep
