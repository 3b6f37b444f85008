#include "analysis/representation/fold_scores.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace mambasynth::analysis::representation {

FoldScores fold_scores(double value, std::vector<double> fold) {
  double count = 0, mean = 0, squares = 0;
  for (auto const score : fold)
    if (!std::isnan(score)) {
      ++count;
      mean += (score - mean) / count;
    }
  for (auto const score : fold)
    if (!std::isnan(score)) squares += (score - mean) * (score - mean);
  auto const se = count > 1 ? std::sqrt(squares / (count - 1) / count) : std::numeric_limits<double>::quiet_NaN();
  return {value, se, std::move(fold)};
}

}  // namespace mambasynth::analysis::representation
