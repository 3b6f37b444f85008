#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/collate/by_seed.hpp"
#include "analysis/collate/interval.hpp"
#include "analysis/collate/measure_intervals.hpp"
#include "analysis/collate/sweep_folder.hpp"
#include "analysis/plot/labels.hpp"

namespace mambasynth::analysis::collate {

/// Suffix of the column in table.csv that holds the error due to the test series.
inline constexpr char const* test_error_end = "_test_se";

/// Trials that differ only in the seed.
struct Cell {
  std::map<std::string, std::string> axes;
  std::int64_t n = 0;      ///< done trials; only their numbers count
  std::int64_t seeds = 0;  ///< of those
  std::int64_t missing = 0, failed = 0, diverged = 0;
  std::map<std::string, std::int64_t> lost = {};  ///< state -> trials that are not done
  std::set<std::string> undefined;                ///< measures that its done trials have, but never as a finite number
  MeasureIntervals measures;        ///< over the seeds of the done trials that have the measure as a finite number
  MeasureIntervals of_test_series;  ///< as TestSeries has them

  [[nodiscard]] std::int64_t gaps() const { return missing + failed + diverged; }
};

struct Table {
  std::vector<std::string> axes;
  std::vector<std::string> measures;  ///< all that any trial has, in the order of trial.h5
  std::vector<Cell> cells;            ///< in the plan's order
  std::vector<std::string> warnings;
  plot::Labels labels = plot::Labels::circles;  ///< of_recording if any trial had a recording
};

Table tabulate(SweepFolder const& sweep, statistics::Method method = statistics::Method::student);

/// The value of an axis; `otherwise` if the cell has none (folders of different sweeps).
std::string value_of(Cell const& cell, std::string const& axis, std::string const& otherwise);
/// The values of its axes, "0.1, 16"; "all trials" without axes.
std::string name_of(Cell const& cell, Table const& table);
/// The axes of those values: "gate learning-rate factor, d_state"; keys if two would have the same words.
std::string axes_title(Table const& table);
/// Whether any trial has it.
bool has_measure(Table const& table, std::string const& measure);
/// Whether any cell has the error due to the test series for a measure.
bool has_test_error(Table const& table, std::string const& measure);
/// A measure over all done trials; nothing if none has it.
std::optional<BySeed> pooled(SweepFolder const& sweep, std::string const& measure);

/// table.csv: axes, n, n_missing, n_failed, n_diverged, then <m>_mean, <m>_sd, <m>_ci_low, <m>_ci_high for each
/// measure, all over seeds; followed by <m>_test_se, the standard error due to the test series, if a cell has it.
/// Undefined values are empty, never a number. Written atomically and in constant memory. Errors: errors::machine.
void write_csv(Table const& table, std::filesystem::path const& file);

}  // namespace mambasynth::analysis::collate
