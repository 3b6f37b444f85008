#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

/// Drawing n of n values with replacement (Efron 1979, Ann. Stat. 7:1), the same way each time.
namespace mambasynth::analysis::statistics {

/// How often each value was drawn, and how probable that is.
using VisitResample = std::function<void(std::span<std::int32_t const> counts, double probability)>;

/// Up to this many values, all resamples are visited, weighted by their multinomial probability: 6,435 of 8 values.
inline constexpr std::size_t most_enumerated = 8;
/// Beyond, as many are drawn at random, with a fixed seed.
inline constexpr int resamples_drawn = 10000;

/// The percentiles that enclose 95 %.
inline constexpr double lower_tail = 0.025, upper_tail = 0.975;

void visit_resamples(std::size_t n, VisitResample const& visit, int drawn = resamples_drawn);

/// A statistic over resamples.
class ResampledStatistic {
 public:
  void add(double value, double probability) { values_.push_back({value, probability}); }
  /// After the last add().
  void sort();
  /// The least value with at least this probability at or below it, 0 < p < 1; NaN without values.
  [[nodiscard]] double quantile(double p) const;
  /// The probability of a value below `value`, and half that of one equal to it up to rounding.
  [[nodiscard]] double share_below(double value) const;

 private:
  struct Weighted {
    double value, probability;
  };
  std::vector<Weighted> values_;
};

}  // namespace mambasynth::analysis::statistics
