#pragma once

#include <vector>

#include "analysis/representation/chronological_folds.hpp"

namespace mambasynth::analysis::representation {

/// A cross-validated score.
struct FoldScores {
  double value = 0;          ///< over the held-out rows of all folds together
  double se = 0;             ///< error_over_draws(); NaN if undefined or not requested
  std::vector<double> fold;  ///< of each fold, NaN where undefined; empty if single folds have no such score
};

/// The contribution of each row to a score (its influence): values that sum to 0 and give the first-order change of the
/// score when the rows change.
struct Influence {
  std::vector<double> row;  ///< (row), 0 of rows that are not scored
  /// (group, row): the same contributions with one group of the folds left out of training, minus `row`; 0 in the
  /// group's own block, whose probes are never trained on it. Empty: unknown.
  std::vector<std::vector<double>> change = {};
};

/// Standard error of a score over draws of the rows, both test and training rows:
///   se^2 = max(C / (C - 1) sum_c R_c^2, (G - 1) / G sum_g (D_g^2 - v_g)),
/// where R_c is the sum of `row` over cluster c (sandwich with clusters: Liang & Zeger 1986, Biometrika 73:13); D_g is
/// what leaving out group g changes, the sum of change[g] less that of `row` over the group, less the mean over groups
/// (delete-a-group jackknife: Kott 2001, J. Off. Stat. 17:521); v_g is the variance over the clusters of the sum of
/// change[g]: the effect of a group differs from row to row, which a jackknife counts twice (Efron & Stein 1981, Ann.
/// Statist. 9:586). NaN for fewer than two clusters.
///
/// Deviation of a score over 30 to 100 paths of the reference process / mean se (5,000 rows, input and an untrained
/// network): classes, less scatter, 0.7 to 1.1 at 100,000 steps and 0.85 to 1.5 at 10,000 (27 visits); R^2 with its
/// scatter, 0.75 to 1.2 and 1.0 to 1.7 (without: up to 1.4 and 2.6), but up to 1.6 where it is 0 to four digits.
/// `less_scatter` false: v_g counts as 0.
double error_over_draws(Influence const& influence, ChronologicalFolds const& folds, bool less_scatter);

}  // namespace mambasynth::analysis::representation
