#pragma once

#include <map>

namespace mambasynth::sweep {

/// What trials take, learned from those that have finished. The plan counts floating-point operations; how many seconds
/// they take differs with shape and device. Trials of one estimate have one shape, so each estimate that was measured
/// has its own mean; others lie on the straight line between their neighbours in the logarithms, or keep the nearest
/// one's pace.
class CostModel {
 public:
  /// A trial estimated at `cost` took `seconds` of one rank, from its first step to its result.
  /// Returns whether the order of other trials may change by it.
  bool learn(double cost, double seconds);
  /// Seconds of one rank; the estimate itself while nothing was measured, so that only ratios count then.
  [[nodiscard]] double expected(double cost) const;

 private:
  struct Mean {
    double seconds = 0;
    int count = 0;
  };
  std::map<double, Mean> measured_;  ///< by estimate
};

}  // namespace mambasynth::sweep
