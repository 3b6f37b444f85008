#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/collate/interval.hpp"

namespace mambasynth::analysis::collate {

/// Values of trials, pooled with the seed as the unit: trials with the same seed share initial weights and the order of
/// the data, and cells are chosen, not drawn, so only the seed varies at random. Each seed counts once, with the mean
/// of its values. Values that are not finite are left out and counted.
class BySeed {
 public:
  void add(std::string const& seed, double value);

  /// Of the seeds' means; NaN without any.
  [[nodiscard]] double mean() const;
  /// Over the seeds' means; n counts the seeds that have a finite value.
  [[nodiscard]] Interval interval(statistics::Method method = statistics::Method::student,
                                  statistics::Bounds const& bounds = {}) const;
  /// Each seed's mean.
  [[nodiscard]] std::map<std::string, double> of_seeds() const;
  [[nodiscard]] std::int64_t values() const { return values_; }      ///< finite ones
  [[nodiscard]] std::int64_t left_out() const { return left_out_; }  ///< NaN or infinite
  [[nodiscard]] bool uneven() const;                                 ///< seeds differ in how many values they have
  [[nodiscard]] bool varies_within_a_seed() const;                   ///< by more than rounding

 private:
  [[nodiscard]] std::vector<double> means() const;

  std::unordered_map<std::string, std::size_t> place_;
  std::vector<std::vector<double>> of_seed_;  ///< in the order in which the seeds were added
  std::int64_t values_ = 0, left_out_ = 0;
};

}  // namespace mambasynth::analysis::collate
