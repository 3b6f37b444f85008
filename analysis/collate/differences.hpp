#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/collate/best_cells.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/statistics/paired_difference.hpp"

namespace mambasynth::analysis::collate {

/// What a cell has more than its baseline, in one measure.
struct Difference {
  std::size_t cell = 0, baseline = 0;  ///< of the table
  std::string named;                   ///< sweep.baseline in words
  std::string measure;
  std::vector<double> pairs = {};              ///< the differences of the seeds that both have
  statistics::PairedDifference of_seeds = {};  ///< of these; n is their number
  bool tested = false;                         ///< belongs to the family
  double p_holm = statistics::undefined;
  Standing standing = Standing::none;
};

struct Differences {
  std::vector<Difference> rows;                           ///< by cell, then by measure
  std::map<std::string, std::vector<Standing>> standing;  ///< measure -> (cell), the baseline's included
  std::string family;                                     ///< "9 comparisons: 3 measures x 3 cells"; empty without any
  std::string note;                                       ///< in words what they are, or why there are none
};

/// Every cell of a sweep that names a baseline against it, in the measures that the table shows. Those with a better
/// direction, or all if `asked` names them, are tested and marked; Holm's method adjusts for all tests together.
Differences compare_with_baseline(Table const& table, SweepFolder const& sweep, std::vector<std::string> const& asked);

/// Of rows that tables and figures do not show: "Left out: 3 differences without a pair of seeds."
std::string left_out_words(std::size_t count);

/// differences.csv: axes, measure, n_pairs, mean, ci_low, ci_high, p, p_least, p_holm (exact sign flips), effect_size
/// (mean / sd of the paired differences), family, best (the cell's standing), baseline. Undefined values are empty.
std::string to_csv(Differences const& differences, Table const& table);

}  // namespace mambasynth::analysis::collate
