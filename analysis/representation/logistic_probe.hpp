#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "analysis/representation/chronological_folds.hpp"
#include "analysis/representation/cross_moments.hpp"
#include "analysis/representation/fold_scores.hpp"

namespace mambasynth::analysis::representation {

struct LogisticOptions {
  /// Candidates: factors of |w|^2 / 2, added to the mean log-loss of standardized features.
  std::vector<double> penalties{1, 0.1, 1e-2, 1e-3, 1e-4};
  double tolerance = 1e-6;  ///< nats by which a fit may miss its least penalized log-loss, roughly
  int threads = 0;          ///< 0: OpenMP's default
};

struct LogisticScore {
  FoldScores accuracy;  ///< share of held-out rows whose most probable class is the right one
  /// Mean accuracy over the classes of all held-out rows. A fold may lack some classes and so has no such score.
  FoldScores balanced_accuracy;
  FoldScores log_loss;  ///< mean of -ln p(label), nats, over held-out rows whose class occurs in training
  /// For the same rows, predicting the most frequent class of the training rows, or the class frequencies as
  /// probabilities.
  FoldScores chance_accuracy, chance_balanced_accuracy, chance_log_loss;
  std::vector<double> penalty;       ///< chosen in each fold; NaN if nothing was fitted
  std::vector<std::int64_t> unseen;  ///< held-out rows of each fold whose class training lacks; they count as errors
  std::vector<std::int64_t> rows;    ///< held-out rows of each fold that were scored
  bool converged = true;             ///< all fits that were scored
};

/// Linear read-out of classes from features (rows, dims), in the order of time, on held-out blocks of time: multinomial
/// logistic regression, features standardized by the moments of the blocks trained on. Rows with a label < 0 are
/// unlabeled and left out. The penalty of a fold is chosen by inner cross-validation: each of the other blocks is held
/// out in turn, with guards, and the penalty with the lowest log-loss wins. A fold whose training rows have fewer than
/// two classes, or that has no labeled rows, scores NaN. Bit-identical for any number of threads.
///
/// Constructed once for the features, it scores any number of labelings of the rows (a target and its controls).
/// Errors: errors::usage for shapes that do not fit or no penalties > 0; errors::input for NaN or infinity.
class LogisticProbe {
 public:
  /// Keeps a reference to the folds.
  LogisticProbe(Rows const& features, std::int64_t dims, ChronologicalFolds const& folds,
                LogisticOptions const& options = {});
  LogisticProbe(LogisticProbe&&) noexcept;
  ~LogisticProbe();

  /// labels: (rows). Runs on the calling thread; several labelings may be scored concurrently. Standard errors of
  /// accuracy, balanced_accuracy, and log_loss: each group of the folds is left out in turn, and the read-outs are
  /// refitted with the chosen penalties.
  ///
  /// Cost: 10 training sets at 5 blocks, each times rows x dims x classes x steps; errors double it.
  [[nodiscard]] LogisticScore score(std::span<std::int64_t const> labels) const;
  /// For a control, at a sixth of the cost or less: without errors, with ten times the tolerance, and trying penalties
  /// from strong to weak only until none of the folds improves. On shifted circles of the reference checkpoint's layers
  /// that costs 2e-4 nats of log-loss and 1e-4 of accuracy.
  [[nodiscard]] LogisticScore score_control(std::span<std::int64_t const> labels) const;

 private:
  struct Sets;
  class Classes;
  struct Fit;
  struct Scored;
  [[nodiscard]] Scored scored(std::span<std::int64_t const> labels, bool all_penalties) const;
  std::unique_ptr<Sets> sets_;
};

}  // namespace mambasynth::analysis::representation
