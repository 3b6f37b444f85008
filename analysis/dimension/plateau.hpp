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

/// A plateau is a claim, so it asks for much: at least this many neighbouring entries (three doublings of the number of
/// neighbours), over which a straight line in log n1 neither changes visibly (the 99 % interval of its change contains
/// 0) nor, for all that the curve tells, by more than `plateau_change` of the mean (the 95 % interval lies within that
/// on both sides). The intervals are Student's, their error comes from the curve's own covariance by blocks: entries
/// look at the same points. A curve that only bends slowly past, or one too noisy to tell, has none; nor has one
/// without blocks.
inline constexpr std::size_t plateau_entries = 4;
inline constexpr double plateau_change = 0.06;

/// The longest; of equally long ones the flattest. shifts: (entry), how blocks move each entry.
std::optional<Plateau> find_plateau(std::span<Estimate const> curve, std::span<statistics::BlockShifts const> shifts);

}  // namespace mambasynth::analysis::dimension
