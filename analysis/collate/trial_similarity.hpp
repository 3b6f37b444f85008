#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/pair_mean.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/plot/gnuplot.hpp"

namespace mambasynth::analysis::collate {

/// How alike trials of two cells are, or those of one (a == b): then nothing but the seed differs.
struct CellPair {
  std::size_t a, b;  ///< cells of the table, a <= b
  PairMean other_seed;
  PairMean same_seed;  ///< of different cells: same initial weights and order of the data
};

struct LayerSimilarity {
  std::string layer;
  std::vector<CellPair> pairs;  ///< those that have any pair of trials, ordered by a, then b
  PairMean within, between;     ///< over all cells, different seeds

  /// As least_ratios_of_exchanged gives them.
  std::vector<double> least_ratios;

  /// What two cells can have at most where seeds are independent (ceiling_of); NaN where one of the two has a single
  /// seed.
  [[nodiscard]] double ceiling(CellPair const& pair) const;
  /// p value if cells do not matter: how often at least one pair of cells falls as far below its ceiling as this one,
  /// so that it allows for having looked at all pairs; NaN if undefined.
  [[nodiscard]] double p(CellPair const& pair) const;
};

struct TrialSimilarity {
  std::int64_t rows = 0, trials = 0;
  std::int64_t done = 0;      ///< trials that could have been compared
  std::int64_t unusable = 0;  ///< of those looked at: without rows, or not readable
  std::int64_t groups = 0;    ///< trials are compared with those of the same series at the same steps alone
  std::vector<LayerSimilarity> layers;
};

/// Debiased linear CKA (Kornblith et al. 2019) of each layer's activations, trial by trial, at the steps that trials of
/// one series keep in trial.h5. Of more than 256 trials the first of each cell are taken, two or more, of cells evenly
/// spaced over the plan. Memory: about rows^2 / 2 numbers a trial.
TrialSimilarity compare_trials(Table const& table, SweepFolder const& sweep);

/// similarity.csv: layer, the axes of both cells (a.<axis>, b.<axis>), pairs, cka_mean, cka_se, cka_ci_low,
/// cka_ci_high, cka_ceiling, cka_p, then same_seed_pairs, same_seed_cka_mean, ..._se, ..._ci_low, ..._ci_high.
std::string to_csv(TrialSimilarity const& similarity, Table const& table);

/// A row a layer: pairs of one cell, of different cells, and the two cells that stay furthest below their ceiling
/// with their p. Empty where no layer has a pair of different seeds.
std::string to_markdown(TrialSimilarity const& similarity, Table const& table);

/// sweep_similarity in `folder`: a matrix of the compared cells each layer, pairs of different seeds. Nothing of a
/// single cell or seed, nor of so many cells that none could be told from its neighbours.
plot::Outcome draw_similarity(TrialSimilarity const& similarity, Table const& table,
                              std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::collate
