#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace mambasynth::analysis {

struct Estimate;

/// Entries first .. last of a curve over n1 = 1, 2, 4, ... that agree, and their mean.
struct Plateau {
  std::size_t first = 0, last = 0;
  double value = 0;
};

/// A plateau is a claim, so it asks for much: at least this many neighbouring entries (three doublings of the number of
/// neighbours) whose values differ by at most `plateau_spread` of their mean, each known that well (two standard
/// errors, by blocks where there are such). A curve that only bends slowly past, or one too noisy to tell, has none.
inline constexpr std::size_t plateau_entries = 4;
inline constexpr double plateau_spread = 0.1;

/// The longest; of equally long ones the flattest.
std::optional<Plateau> find_plateau(std::span<Estimate const> curve);

}  // namespace mambasynth::analysis
