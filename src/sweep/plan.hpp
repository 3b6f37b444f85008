#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sweep/sweep_file.hpp"
#include "sweep/trial.hpp"

namespace mambasynth::sweep {

struct Forecast;

/// Limit per sweep: each trial has a folder, and the plan is kept in memory.
inline constexpr std::size_t most_trials = 100'000;

struct Plan {
  std::string name;
  std::vector<std::string> columns;  ///< the keys that axes and includes vary, in the sweep's order
  std::size_t cells = 0;             ///< trials / seeds
  std::vector<PlannedTrial> trials;  ///< cell by cell, the last axis fastest, seeds innermost
  SweepFile sweep;                   ///< precision resolved
  std::int64_t part = 1, parts = 1;  ///< which part of the sweep's trials this is, see keep_part

  /// Whether some trials need several ranks, or a process of their own.
  [[nodiscard]] bool needs_whole_ranks() const {
    return std::any_of(trials.begin(), trials.end(),
                       [](PlannedTrial const& planned) { return planned.ranks > 1 || planned.needs_own_process; });
  }
};

/// Expands a sweep: the product of the axes without the cells that match [[sweep.exclude]], then the [[sweep.include]]
/// cells, each with every seed. `auto_precision` ("fp32" or "bf16") replaces train.precision = "auto". `identify` is
/// called once per foreign series, `check` (may be empty) once per cell.
/// Errors: errors::usage for more than `most_trials` trials, an exclude that matches nothing, a cell refused by
/// config::check or `check`, two cells that are the same trial, or a sweep without trials; errors of `identify`.
Plan make_plan(SweepFile sweep, std::string const& auto_precision, IdentifyData const& identify,
               CheckTrial const& check = {});

/// Keeps every `parts`-th trial, starting with number `part` (1 .. parts), so that several launchers can share a sweep,
/// each with its own folder. Errors: errors::usage for a part without trials.
void keep_part(Plan& plan, std::int64_t part, std::int64_t parts);

/// plan.csv (RFC 4180): `id,<columns>,seed,cost`.
std::string plan_csv(Plan const& plan);
/// Human-readable summary: trials, cells, seeds, and how long they take on `workers` ranks by the forecast, or their
/// cost if it is unknown.
std::string describe(Plan const& plan, Forecast const& forecast, int workers);

/// Writes DIR/plan.csv and DIR/sweep.toml, each atomically. For a part of a sweep, the first line of sweep.toml says
/// which part.
void write_plan(Plan const& plan, std::filesystem::path const& folder);

/// Refuses a folder with files of these names that no sweep wrote. Errors: errors::usage.
void require_own_folder(std::filesystem::path const& folder);

/// The contents of plan.csv.
struct PlanTable {
  struct Row {
    std::string id;
    std::vector<std::string> axis_values;
    std::string seed;
    double cost = 0;
  };
  std::vector<std::string> columns;
  std::vector<Row> rows;
};
/// Errors: errors::input if the file is missing or not a plan.
PlanTable read_plan(std::filesystem::path const& file);

}  // namespace mambasynth::sweep
