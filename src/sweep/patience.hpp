#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace mambasynth::sweep {

/// Sleeps between two looks at an empty queue: briefly at first, since an answer often follows at once, then longer, so
/// that who waits takes no time from who trains on the same core.
class Patience {
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
