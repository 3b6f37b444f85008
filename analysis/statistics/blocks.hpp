#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// Errors of estimates on dependent rows: the rows are cut into stretches of time much longer than their correlation
/// time, and the stretches are compared. Nothing is drawn with replacement (bootstrap): a row drawn twice would be its
/// own nearest neighbor at distance 0.
namespace mambasynth::analysis::statistics {

/// Which stretch of time each point belongs to; `count` 0 means no blocks.
struct Blocks {
  std::vector<std::int32_t> of_point;
  std::int32_t count = 0;
};

/// `count` stretches in the order of time, equal in size to within one point. No blocks for count < 2 or count >
/// points.
Blocks blocks_in_time(std::span<std::int64_t const> time, std::int64_t count);

/// Sums of the points' scores by block; an estimate is the root of their total.
class BlockSums {
 public:
  explicit BlockSums(Blocks const& blocks) : blocks_(blocks), sum_(static_cast<std::size_t>(blocks.count)) {}
  void add(std::size_t point, double score) {
    if (!sum_.empty()) sum_[static_cast<std::size_t>(blocks_.of_point[point])] += score;
  }
  /// Sandwich error with clusters (Liang & Zeger 1986, Biometrika 73:13): sqrt(B/(B-1) sum_b S_b^2) / |information|,
  /// information = - d/d(parameter) of the sum of all scores. NaN without blocks.
  [[nodiscard]] double error(double information) const;

 private:
  Blocks const& blocks_;
  std::vector<double> sum_;
};

/// Jackknife error of an estimate from its values with each block left out in turn; NaN for fewer than two.
double jackknife_error(std::span<double const> without_one);

/// How each block shifts an estimate that depends on neighbors. Leaving out a block also removes neighbors of the
/// points outside it, which sums over blocks miss. A plain jackknife overcounts this: a term shared by k points enters
/// k times (Efron & Stein 1981, Ann. Stat. 9:586). The excess is local noise that averages out over a neighborhood;
/// what a block does to a whole region, such as one more visit to a state, remains.
struct BlockShifts {
  std::vector<double> expected;  ///< (block), by the influence of its points, averaged over their neighborhoods; sum 0
  std::vector<double> observed;  ///< (block), mean of the leave-one-out estimates minus the one without this block

  /// sqrt(sum_b expected_b observed_b), the covariance of the two, whose local noise is independent. If that sum is not
  /// positive, the jackknife's error; NaN for fewer than two blocks or if an estimate is NaN.
  [[nodiscard]] double error() const;
};

}  // namespace mambasynth::analysis::statistics
