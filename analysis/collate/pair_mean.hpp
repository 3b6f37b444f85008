#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

namespace mambasynth::analysis::collate {

/// A pair of trials and their similarity.
struct SeedPair {
  std::string seed_a, seed_b;
  double value;
};

/// Over pairs of trials; NaN where undefined.
struct PairMean {
  std::int64_t pairs = 0;
  std::int64_t seeds = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double se =
      std::numeric_limits<double>::quiet_NaN();  ///< jackknife over seeds: pairs that share a seed are not independent
  double low = std::numeric_limits<double>::quiet_NaN();  ///< 95 % confidence interval, Student's t with seeds - 1
                                                          ///< degrees of freedom
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// The seed is the unit: pairs of the same two seeds (of several cells, or the two between two cells) are averaged
/// first, followed by the mean over pairs of seeds and its jackknife over seeds (Efron & Tibshirani 1993, An
/// Introduction to the Bootstrap, eq. 11.5). With h_st = mu + g_s + g_t + e_st, that error is exact if e = 0; e
/// inflates it by a factor of at most sqrt(2 (n - 1) / (n - 2)), so the interval covers 95 % or more.
PairMean mean_over_seeds(std::span<SeedPair const> pairs);

}  // namespace mambasynth::analysis::collate
