#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/cross_moments.hpp"
#include "analysis/representation/chronological_folds.hpp"
#include "analysis/representation/fold_scores.hpp"

namespace mambasynth::analysis::representation {

struct LogisticOptions {
  /// Candidates: of half of |w|^2 beside the mean log-loss, features standardised.
  std::vector<double> penalties{1, 0.1, 1e-2, 1e-3, 1e-4};
  std::int64_t max_rows = 20'000;  ///< of each training set and of each held-out one, evenly spaced
  double tolerance = 1e-6;         ///< nats that a fit may lie above its least penalised log-loss, about
  int threads = 0;                 ///< 0 = OpenMP's own choice
};

struct LogisticScore {
  FoldScores accuracy;           ///< share of held-out rows whose most probable class is theirs
  FoldScores balanced_accuracy;  ///< mean over the held-out rows' classes of the share found
  FoldScores log_loss;           ///< mean of -ln p(label), nats, over held-out rows of classes that training has
  /// Of the same rows: the most frequent class of training each time, and its classes' shares as probabilities.
  FoldScores chance_accuracy, chance_balanced_accuracy, chance_log_loss;
  std::vector<double> penalty;       ///< chosen in each fold; NaN where nothing was fitted
  std::vector<std::int64_t> unseen;  ///< held-out rows of each fold whose class training lacks; they count as errors
  std::vector<std::int64_t> rows;    ///< held-out rows of each fold that were scored
  bool converged = true;             ///< all fits that were scored
};

/// Linear read-out of classes from features (rows, dims), in the order of time, on held-out blocks of time: multinomial
/// logistic regression, features standardised by the training rows' moments. Rows with a label < 0 have none and are
/// left out. The penalty of a fold is the one with the least log-loss where each of the other blocks is held out in its
/// turn, with guards, from those left. A fold whose training rows have fewer than two classes, or that has no labelled
/// rows, scores NaN. The same bits for any number of threads. Errors: errors::usage for shapes that do not fit, fewer
/// than 1 row or no penalties > 0; errors::input for NaN or infinity.
///
/// Cost: 10 training sets at 5 blocks, each times rows x dims x classes x steps.
LogisticScore logistic_probe(Rows const& features, std::int64_t dims, std::span<std::int64_t const> labels,
                             ChronologicalFolds const& folds, LogisticOptions const& options = {});

}  // namespace mambasynth::analysis::representation
