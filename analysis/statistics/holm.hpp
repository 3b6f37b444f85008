#pragma once

#include <span>
#include <vector>

namespace mambasynth::analysis::statistics {

/// Each p adjusted for all of them, so that any below 0.05 wrongly rejects with a probability of at most 0.05 (Holm
/// 1979, Scand. J. Stat. 6:65). A NaN is not a test: it stays NaN and does not count.
std::vector<double> holm(std::span<double const> p);

}  // namespace mambasynth::analysis::statistics
