#pragma once

#include <vector>

namespace mambasynth::analysis::representation {

/// A cross-validated score.
struct FoldScores {
  double value = 0;          ///< over the held-out rows of all folds together
  double se = 0;             ///< standard deviation of the folds' values / sqrt(folds); NaN for fewer than two
  std::vector<double> fold;  ///< of each fold; NaN where undefined
};

/// The error leaves undefined folds out. Training sets overlap, so that it is somewhat too small (Bengio & Grandvalet
/// 2004, JMLR 5:1089).
FoldScores fold_scores(double value, std::vector<double> fold);

}  // namespace mambasynth::analysis::representation
