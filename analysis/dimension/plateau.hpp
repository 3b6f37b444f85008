#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "analysis/statistics/blocks.hpp"

namespace mambasynth::analysis::dimension {

struct Estimate;

/// Entries first .. last of a curve over n1 = 1, 2, 4, ... that agree, and their mean.
struct Plateau {
  std::size_t first = 0, last = 0;
  double value = 0;
};

/// A plateau is a claim, so the bar is high: at least this many adjacent entries (three doublings of the number of
/// neighbors), over which a straight line in log n1 shows no significant change (the 99 % interval of its change
/// contains 0) and cannot change by more than `plateau_change` of the mean (the 95 % interval lies within that on both
/// sides). The intervals use Student's t; their error comes from the covariance of the curve by blocks, since all
/// entries use the same points. A curve that merely bends slowly, or is too noisy to tell, has no plateau; neither does
/// one without blocks.
inline constexpr std::size_t plateau_entries = 4;
inline constexpr double plateau_change = 0.06;

/// The longest plateau; among equally long ones, the flattest. shifts: (entry), how blocks move each entry.
std::optional<Plateau> find_plateau(std::span<Estimate const> curve, std::span<statistics::BlockShifts const> shifts);

}  // namespace mambasynth::analysis::dimension
