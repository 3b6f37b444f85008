#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/hidden_process.hpp"

namespace mambasynth::dynamics {

/// A visit to one circle. Steps count from the first step of the series.
struct Visit {
  std::int64_t circle = 0, first = 0, steps = 0;
  bool complete = false;  ///< both ends lie inside the series
  [[nodiscard]] std::int64_t end() const { return first + steps; }
};

/// Visits in `circle` (-1: on no circle), by these rules: an interruption between two runs of the same circle belongs
/// to the visit if it is shorter than the shortest visit of that circle. A run that is still shorter than the shortest
/// visit of its circle is not a visit (so flickering single steps are ignored), whatever gap it leaves. Shortest visit:
/// ceil(shortest_share * period) steps. A circle that is left for longer than that and returned to counts as two
/// visits.
std::vector<Visit> visits_of(std::span<std::int64_t const> circle, oracle::HiddenProcess const& hidden,
                             double shortest_share);

/// ceil(share * period), at least 1.
std::int64_t share_of_period(oracle::HiddenCircle const& circle, double share);

}  // namespace mambasynth::dynamics
