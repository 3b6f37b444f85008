#pragma once

#include <cstddef>
#include <deque>
#include <optional>

namespace mambasynth::progress {

/// The speed of a loop, from how much was done when. Times are in seconds.
class Pace {
 public:
  /// Starts over with a loop that has already done `done` units.
  void restart(double time, double done);
  /// `done`: not less than before.
  void add(double time, double done);
  /// Units per second, recently; nothing until it can be known.
  [[nodiscard]] std::optional<double> rate() const;
  /// Seconds until `total` units are done; nothing while the rate varies too much to tell.
  [[nodiscard]] std::optional<double> seconds_left(double time, double total) const;

 private:
  struct Sample {
    double time = 0, done = 0;
  };
  [[nodiscard]] double elapsed() const { return changes_.back().time - first_.time; }

  Sample first_;
  std::deque<Sample> changes_;  ///< recent ones, oldest first; the last is the latest, always kept
  std::size_t count_ = 0;       ///< changes since the start
};

}  // namespace mambasynth::progress
