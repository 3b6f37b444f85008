#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/hidden_process.hpp"

namespace mambasynth::dynamics {

/// A stay on one circle. Steps count from the first of the series.
struct Visit {
  std::int64_t circle = 0, first = 0, steps = 0;
  bool complete = false;  ///< both ends lie inside the series
  [[nodiscard]] std::int64_t end() const { return first + steps; }
};

/// Runs of one circle in `circle` (-1: on none), by these rules: an interruption shorter than the shortest visit of the
/// circle on both sides of it belongs to the visit; what is then still shorter than the shortest visit of its own
/// circle is none (so single steps that flicker are no visits), whatever gap it leaves between visits. Shortest visit:
/// ceil(shortest_share * period) steps. A circle left for longer and come back to is two visits.
std::vector<Visit> visits_of(std::span<std::int64_t const> circle, oracle::HiddenProcess const& hidden,
                             double shortest_share);

/// ceil(share * period), at least 1.
std::int64_t share_of_period(oracle::HiddenCircle const& circle, double share);

}  // namespace mambasynth::dynamics
