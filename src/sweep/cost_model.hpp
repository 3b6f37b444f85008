#pragma once

#include <map>

namespace mambasynth::sweep {

/// The run time of trials, learned from those that have finished. The plan counts floating-point operations; how long
/// they take depends on shape and device. Trials with equal estimates have the same shape, so each measured estimate
/// has its own mean. Other estimates are interpolated linearly in log-log space, or use the rate of the nearest one.
class CostModel {
 public:
  /// Records that a trial estimated at `cost` took `seconds` of one rank, from its first step to its result.
  /// Returns whether this may change the order of other trials.
  bool learn(double cost, double seconds);
  /// Seconds of one rank. Returns the estimate itself while nothing has been measured; only ratios are meaningful then.
  [[nodiscard]] double expected(double cost) const;

 private:
  struct Mean {
    double seconds = 0;
    int count = 0;
  };
  std::map<double, Mean> measured_;  ///< by estimate
};

}  // namespace mambasynth::sweep
