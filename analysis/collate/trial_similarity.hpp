#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/pair_mean.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/document/table.hpp"

namespace mambasynth::analysis::collate {

/// Similarity of the trials of two cells, or of one cell (a == b), where only the seed differs.
struct CellPair {
  std::size_t a, b;  ///< cells of the table, a <= b
  PairMean other_seed;
  PairMean same_seed;  ///< of different cells: same initial weights and order of the data
};

struct LayerSimilarity {
  std::string layer;
  std::vector<CellPair> pairs;  ///< those that have any pair of trials, ordered by a, then b
  PairMean within, between;     ///< over all cells, different seeds

  /// As returned by least_ratios_of_exchanged.
  std::vector<double> least_ratios;

  /// The highest similarity that two cells can have if seeds are independent (ceiling_of); NaN if either has a single
  /// seed.
  [[nodiscard]] double ceiling(CellPair const& pair) const;
  /// p value if cells do not matter: how often at least one pair of cells falls as far below its ceiling as this one,
  /// which corrects for looking at all pairs; NaN if undefined.
  [[nodiscard]] double p(CellPair const& pair) const;
};

struct TrialSimilarity {
  std::int64_t rows = 0, trials = 0;
  std::int64_t done = 0;      ///< trials that could have been compared
  std::int64_t unusable = 0;  ///< of those examined: without rows, or unreadable
  std::int64_t groups = 0;    ///< trials are compared only with those of the same series at the same steps
  std::vector<LayerSimilarity> layers;
};

/// Debiased linear CKA (Kornblith et al. 2019) of each layer's activations, trial by trial, at the steps that trials of
/// one series keep in trial.h5. Above 256 trials, only the first two or more of each cell are used, from cells evenly
/// spaced over the plan. Memory: about rows^2 / 2 numbers per trial.
TrialSimilarity compare_trials(Table const& table, SweepFolder const& sweep);

/// similarity.csv: layer, the axes of both cells (a.<axis>, b.<axis>), pairs, cka_mean, cka_se, cka_ci_low,
/// cka_ci_high, cka_ceiling, cka_p, then same_seed_pairs, same_seed_cka_mean, ..._se, ..._ci_low, ..._ci_high.
std::string to_csv(TrialSimilarity const& similarity, Table const& table);

/// One row for each layer: pairs within a cell, pairs of different cells, and the two cells furthest below their
/// ceiling with their p value, their names shortened to fit a terminal. Without columns if no layer has a pair of
/// different seeds.
document::Table similarity_table(TrialSimilarity const& similarity, Table const& table);

}  // namespace mambasynth::analysis::collate
