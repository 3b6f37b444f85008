#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// Errors of estimates on dependent rows: the rows are cut into stretches of time, long beside the time that they
/// remember, and the stretches are compared. Nothing is drawn with replacement: a copied row would be its copy's
/// nearest neighbour at distance 0.
namespace mambasynth::analysis {

/// Which stretch each point belongs to; none where `count` is 0.
struct Blocks {
  std::vector<std::int32_t> of_point;
  std::int32_t count = 0;
};

/// `count` stretches of equally many points each (to one), in the order of time. count < 2 or more than points: none.
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

/// Error of an estimate from its values with one block left out each (jackknife); NaN for fewer than two.
double jackknife_error(std::span<double const> without_one);

}  // namespace mambasynth::analysis
