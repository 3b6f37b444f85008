#pragma once

#include <span>

namespace mambasynth::analysis::statistics {

/// Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank (Spearman 1904, Am. J. Psychol.
/// 15:72). NaN for fewer than three pairs, or if one side is constant up to rounding.
double spearman(std::span<double const> x, std::span<double const> y);

}  // namespace mambasynth::analysis::statistics
