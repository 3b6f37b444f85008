#pragma once

#include <cstdint>
#include <vector>

#include "analysis/representation/fold_scores.hpp"

namespace mambasynth::analysis::representation {

/// Prediction of a classification probe for a held-out row.
struct HeldRow {
  std::int64_t row, label;
  bool found, by_majority;  ///< the row's class is the most probable one, or training's most frequent one
  double loss,
      chance_loss;  ///< -ln p(label), nats, and with p the class's share of training; NaN where training lacks it
};
using HeldFolds = std::vector<std::vector<HeldRow>>;

/// For the held-out rows of each fold: accuracy, its mean over all classes, and the mean loss; without standard errors.
FoldScores accuracy(HeldFolds const& held, bool HeldRow::* right);
FoldScores balanced_accuracy(HeldFolds const& held, bool HeldRow::* right);
FoldScores mean_loss(HeldFolds const& held, double HeldRow::* loss);

/// The contribution of each row to those scores. `changed`: for each group, the held-out rows of the other blocks when
/// that group is left out of training. A class that occurs in only one cluster is compared with the mean over classes.
Influence influence_on_mean(HeldFolds const& held, std::vector<HeldFolds> const& changed,
                            double (*score)(HeldRow const&), std::int64_t rows);
Influence influence_on_balanced(HeldFolds const& held, std::vector<HeldFolds> const& changed,
                                ChronologicalFolds const& folds);

}  // namespace mambasynth::analysis::representation
