#pragma once

#include <cstdint>
#include <vector>

#include "analysis/representation/fold_scores.hpp"

namespace mambasynth::analysis::representation {

/// What a probe of classes says of a row that was held out.
struct HeldRow {
  std::int64_t row, label;
  bool found, by_majority;  ///< the most probable class, or training's most frequent one, is the row's
  double loss,
      chance_loss;  ///< -ln p(label), nats, and with p the class's share of training; NaN where training lacks it
};
using HeldFolds = std::vector<std::vector<HeldRow>>;

/// Of each fold's held-out rows: the share found; its mean over the classes of all of them; the mean loss. Without se.
FoldScores accuracy(HeldFolds const& held, bool HeldRow::* right);
FoldScores balanced_accuracy(HeldFolds const& held, bool HeldRow::* right);
FoldScores mean_loss(HeldFolds const& held, double HeldRow::* loss);

/// What those scores owe to each row of the folds; `changed`: the held-out rows of the other blocks once a group has
/// been left out of training, for each group. A class met in one cluster alone is compared with the mean over classes.
Influence influence_on_mean(HeldFolds const& held, std::vector<HeldFolds> const& changed,
                            double (*score)(HeldRow const&), std::int64_t rows);
Influence influence_on_balanced(HeldFolds const& held, std::vector<HeldFolds> const& changed,
                                ChronologicalFolds const& folds);

}  // namespace mambasynth::analysis::representation
