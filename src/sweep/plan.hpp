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

/// Of a sweep: each has a folder, and the plan lies in memory.
inline constexpr std::size_t most_trials = 100'000;

struct Plan {
  std::string name;
  std::vector<std::string> columns;  ///< the keys that axes and includes move, in the sweep's order
  std::size_t cells = 0;             ///< trials / seeds
  std::vector<PlannedTrial> trials;  ///< cell by cell, the last axis fastest, seeds innermost
  SweepFile sweep;                   ///< precision resolved
  std::int64_t part = 1, parts = 1;  ///< of the sweep's trials, as keep_part left them

  /// Whether some trials need several ranks, or the only place of one: the contrastive loss sets LibTorch's precision
  /// of products for the whole process while it is launched.
  [[nodiscard]] bool needs_whole_ranks() const {
    return std::any_of(trials.begin(), trials.end(), [](PlannedTrial const& planned) {
      return planned.ranks > 1 || planned.trial.train.contrastive_lambda > 0;
    });
  }
};

/// Expands a sweep: the product of the axes, less what [[sweep.exclude]] matches, then the [[sweep.include]] cells,
/// each with every seed. `auto_precision` ("fp32" or "bf16") replaces train.precision = "auto"; `identify` is asked
/// once a foreign series, `check` (may be absent) about each cell.
/// Errors: errors::usage for more than `most_trials`, an exclude that matches nothing, a cell whose configuration is
/// refused by config::check or `check`, two cells that are the same trial, a sweep without trials; what `identify`
/// throws.
Plan make_plan(SweepFile sweep, std::string const& auto_precision, IdentifyData const& identify,
               CheckTrial const& check = {});

/// Leaves every `parts`-th trial, from number `part` (1 .. parts) on, so that several launchers share a sweep, each
/// with a folder of its own. Errors: errors::usage for a part without trials.
void keep_part(Plan& plan, std::int64_t part, std::int64_t parts);

/// plan.csv (RFC 4180): `id,<columns>,seed,cost`.
std::string plan_csv(Plan const& plan);
/// For people: the trials, the cells, the cost. `seconds_per_cost` is 0 while nothing was measured.
std::string describe(Plan const& plan, double seconds_per_cost, int workers);

/// Writes DIR/plan.csv and DIR/sweep.toml (whose first line says which part of the sweep this is, where it is one),
/// each atomically.
void write_plan(Plan const& plan, std::filesystem::path const& folder);

/// Files of these names that no sweep wrote are not replaced. Errors: errors::usage.
void require_own_folder(std::filesystem::path const& folder);

/// plan.csv as it stands on disk.
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
/// Errors: errors::input when the file is missing or no plan.
PlanTable read_plan(std::filesystem::path const& file);

}  // namespace mambasynth::sweep
