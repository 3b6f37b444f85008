#include "analysis/representation/fold_scores.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::representation {
namespace {

/// Sums over clusters of rows, and their scatter about what equal shares of the total would be.
class OfClusters {
 public:
  OfClusters(std::vector<double> const& values, ChronologicalFolds const& folds) {
    std::int64_t last = -1;
    for (std::size_t row = 0; row < values.size(); ++row) {
      total_ += values[row];
      auto const cluster = folds.cluster(static_cast<std::int64_t>(row));
      if (cluster != last) clusters_.push_back({});
      last = cluster;
      clusters_.back().sum += values[row];
      ++clusters_.back().rows;
    }
    rows_ = static_cast<double>(values.size());
  }
  [[nodiscard]] double total() const { return total_; }
  [[nodiscard]] double variance() const {
    auto const count = static_cast<double>(clusters_.size());
    double squares = 0;
    for (auto const& [sum, rows] : clusters_) squares += (sum - total_ * rows / rows_) * (sum - total_ * rows / rows_);
    return count > 1 ? count / (count - 1) * squares : statistics::undefined;
  }

 private:
  struct Cluster {
    double sum = 0, rows = 0;
  };
  std::vector<Cluster> clusters_;
  double total_ = 0, rows_ = 0;
};

}  // namespace

double error_over_draws(Influence const& influence, ChronologicalFolds const& folds, bool less_scatter) {
  auto const of_test = OfClusters(influence.row, folds).variance();
  auto const groups = static_cast<double>(influence.change.size());
  if (groups < 2) return std::sqrt(of_test);
  double mean = 0, squares = 0, counted = 0;
  std::vector<double> without;  // what leaving a group out of all rows changes
  for (std::int64_t g = 0; g < folds.groups(); ++g) {
    OfClusters const clusters(influence.change[static_cast<std::size_t>(g)], folds);
    if (less_scatter) counted += clusters.variance();
    auto const group = folds.group(g);
    auto const first = influence.row.begin() + group.first;
    without.push_back(clusters.total() - std::accumulate(first, first + group.rows(), 0.0));
    mean += without.back() / groups;
  }
  for (auto const change : without) squares += (change - mean) * (change - mean);
  return std::sqrt(std::max(of_test, (groups - 1) / groups * (squares - counted)));
}

}  // namespace mambasynth::analysis::representation
