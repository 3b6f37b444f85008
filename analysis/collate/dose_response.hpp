#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/collate/table.hpp"
#include "analysis/statistics/trend.hpp"

namespace mambasynth::analysis::collate {

/// How a measure changes along an axis of numbers, all other axes held fixed.
struct DoseResponse {
  std::string axis, measure;
  std::map<std::string, std::string> at;  ///< the other axes, except those that vary together with this one
  std::vector<double> x;                  ///< the axis' values, ascending
  std::vector<std::size_t> cells;         ///< of the table, one for each x
  statistics::Trend trend = {};
};

/// One for each axis, each setting of the others with at least three values of it, and each measure that the table
/// shows. Two values show a difference, not a trend.
std::vector<DoseResponse> dose_responses(Table const& table, SweepFolder const& sweep,
                                         std::vector<std::string> const& asked);

/// trends.csv: axis, measure, n (seeds), slope, ci_low, ci_high, scale (linear, log10), spearman, spearman_ci_low,
/// spearman_ci_high, cells, apart (values that the slope leaves out), seeds_left_out; with several axes, each of them
/// with the value at which it is held. Undefined values are empty.
std::string to_csv(std::vector<DoseResponse> const& responses, Table const& table);

}  // namespace mambasynth::analysis::collate
