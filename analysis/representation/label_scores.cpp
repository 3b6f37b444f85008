#include "analysis/representation/label_scores.hpp"

#include <cmath>
#include <map>
#include <set>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::representation {
namespace {

/// The mean of `score` over rows; rows whose score is NaN are left out.
template <class Score>
FoldScores mean_score(HeldFolds const& held, Score const& score) {
  FoldScores result{statistics::undefined, statistics::undefined, {}};
  double total = 0, count = 0;
  for (auto const& rows : held) {
    double of_fold = 0, scored = 0;
    for (auto const& row : rows)
      if (auto const one = score(row); !std::isnan(one)) {
        of_fold += one;
        ++scored;
      }
    result.fold.push_back(scored > 0 ? of_fold / scored : statistics::undefined);
    total += of_fold;
    count += scored;
  }
  if (count > 0) result.value = total / count;
  return result;
}

}  // namespace

FoldScores accuracy(HeldFolds const& held, bool HeldRow::* right) {
  return mean_score(held, [right](HeldRow const& row) { return row.*right ? 1.0 : 0.0; });
}

FoldScores mean_loss(HeldFolds const& held, double HeldRow::* loss) {
  return mean_score(held, [loss](HeldRow const& row) { return row.*loss; });
}

FoldScores balanced_accuracy(HeldFolds const& held, bool HeldRow::* right) {
  struct Class {
    double rows = 0, right = 0;
  };
  std::map<std::int64_t, Class> classes;
  for (auto const& rows : held)
    for (auto const& row : rows) {
      auto& own = classes[row.label];
      ++own.rows;
      own.right += row.*right ? 1 : 0;
    }
  FoldScores result{statistics::undefined, statistics::undefined, {}};
  if (classes.empty()) return result;
  result.value = 0;
  for (auto const& [label, own] : classes) result.value += own.right / own.rows / static_cast<double>(classes.size());
  return result;
}

namespace {

/// change: for the rows present both before and after, weight x (after - before).
template <class Score>
void add_change(Influence& influence, HeldFolds const& before, HeldFolds const& after, Score const& score,
                std::vector<double> const& weight) {
  auto& change = influence.change.emplace_back(influence.row.size(), 0.0);
  std::vector<double> known(change.size(), statistics::undefined);
  for (auto const& rows : before)
    for (auto const& row : rows) known[static_cast<std::size_t>(row.row)] = score(row);
  for (auto const& rows : after)
    for (auto const& row : rows) {
      auto const at = static_cast<std::size_t>(row.row);
      auto const difference = score(row) - known[at];
      if (!std::isnan(difference)) change[at] = weight[at] * difference;
    }
}

}  // namespace

Influence influence_on_mean(HeldFolds const& held, std::vector<HeldFolds> const& changed,
                            double (*score)(HeldRow const&), std::int64_t rows) {
  auto const mean = mean_score(held, score).value;
  double count = 0;
  for (auto const& fold : held)
    for (auto const& row : fold) count += std::isnan(score(row)) ? 0 : 1;
  Influence influence{std::vector<double>(static_cast<std::size_t>(rows))};
  for (auto const& fold : held)
    for (auto const& row : fold)
      if (auto const one = score(row); !std::isnan(one))
        influence.row[static_cast<std::size_t>(row.row)] = (one - mean) / count;
  for (auto const& after : changed)
    add_change(influence, held, after, score, std::vector<double>(influence.row.size(), 1 / count));
  return influence;
}

Influence influence_on_balanced(HeldFolds const& held, std::vector<HeldFolds> const& changed,
                                ChronologicalFolds const& folds) {
  struct Class {
    double rows = 0, right = 0;
    std::set<std::int64_t> clusters = {};
  };
  std::map<std::int64_t, Class> classes;
  for (auto const& fold : held)
    for (auto const& row : fold) {
      auto& own = classes[row.label];
      ++own.rows;
      own.right += row.found ? 1 : 0;
      own.clusters.insert(folds.cluster(row.row));
    }
  auto const balanced = balanced_accuracy(held, &HeldRow::found).value;
  Influence influence{std::vector<double>(static_cast<std::size_t>(folds.rows()))};
  auto weight = influence.row;
  for (auto const& fold : held)
    for (auto const& row : fold) {
      auto const& own = classes[row.label];
      auto const at = static_cast<std::size_t>(row.row);
      auto const clusters = static_cast<double>(own.clusters.size());
      weight[at] = 1 / own.rows / static_cast<double>(classes.size());
      // Each class's clusters lose a degree of freedom to its own mean.
      influence.row[at] = weight[at] * ((row.found ? 1 : 0) - (clusters > 1 ? own.right / own.rows : balanced)) *
                          (clusters > 1 ? std::sqrt(clusters / (clusters - 1)) : 1);
    }
  for (auto const& after : changed)
    add_change(influence, held, after, [](HeldRow const& row) { return row.found ? 1.0 : 0.0; }, weight);
  return influence;
}

}  // namespace mambasynth::analysis::representation
