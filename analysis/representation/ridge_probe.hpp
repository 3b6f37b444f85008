#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/representation/chronological_folds.hpp"
#include "analysis/representation/cross_moments.hpp"
#include "analysis/representation/fold_scores.hpp"

namespace mambasynth::analysis::representation {

/// Columns that are read out together: they share one penalty and one R^2, in which each column is weighted by its
/// variance.
struct Targets {
  std::string name;
  Rows values;  ///< (rows, columns)
  std::int64_t columns = 1;
};

struct RidgeOptions {
  /// Candidates: factors of |w|^2, added to the mean squared error of standardized features.
  std::vector<double> penalties{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100};
  std::int64_t with_error = -1;  ///< this many targets, from the first on, get standard errors; -1: all
  int threads = 0;               ///< 0: OpenMP's default
};

struct RidgeScore {
  std::string name;
  /// 1 - SSE / SST over held-out rows, SST about the training rows' mean: 0 means as good as that mean, negative
  /// means worse. NaN for constant targets.
  FoldScores r2;
  std::vector<double> penalty;  ///< chosen in each fold
};

/// Linear read-out of continuous targets from features (rows, dims), in the order of time, on held-out blocks of time.
/// Features are standardized by the moments of the training rows, the intercept is not penalized, and features that are
/// constant in training get no weight. The penalty of a fold is chosen by inner cross-validation: each of the other
/// blocks is held out in turn, with guards, and the penalty with the lowest squared error wins. Both are computed from
/// moments of the stretches (Hoerl & Kennard 1970, Technometrics 12:55). For standard errors, each group of the folds
/// is left out in turn, and the read-outs are refitted with the chosen penalties. Bit-identical for any number of
/// threads. Errors: errors::usage for shapes that do not fit or no penalties > 0; errors::input for NaN or infinity.
///
/// A control (Hewitt & Liang 2019, EMNLP, p. 2733: selectivity = score - score of the control) costs little as one more
/// group in the same call, with targets shifted by circular_shift().
std::vector<RidgeScore> ridge_probe(Rows const& features, std::int64_t dims, std::vector<Targets> const& targets,
                                    ChronologicalFolds const& folds, RidgeOptions const& options = {});

}  // namespace mambasynth::analysis::representation
