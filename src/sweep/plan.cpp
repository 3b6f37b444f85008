#include "sweep/plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "config/config.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "sweep/cost.hpp"
#include "sweep/identity.hpp"

namespace mambasynth::sweep {
namespace {

/// Checks the number of trials before `product` creates them.
void require_few_trials(SweepFile const& sweep) {
  auto trials = std::max<std::size_t>(sweep.keys.seeds.size(), 1);
  std::string sizes;
  bool many = trials > most_trials;
  for (auto const& axis : sweep.axes) {
    many = __builtin_mul_overflow(trials, axis.size(), &trials) || trials > most_trials || many;
    sizes += std::to_string(axis.size()) + " values of " + axis.keys.front().key + " x ";
  }
  if (many || trials + sweep.includes.size() * sweep.keys.seeds.size() > most_trials)
    throw errors::usage("the sweep '" + sweep.keys.name + "' has more than " + std::to_string(most_trials) + " trials",
                        sizes + std::to_string(sweep.keys.seeds.size()) + " seeds",
                        "Use fewer values or seeds, or split it into several sweeps");
}

std::vector<Settings> product(std::vector<Axis> const& axes) {
  std::vector<Settings> cells{{}};
  for (auto const& axis : axes) {
    std::vector<Settings> grown;
    for (auto const& cell : cells)
      for (std::size_t i = 0; i < axis.size(); ++i) {
        auto next = cell;
        for (auto const& key : axis.keys) next.emplace_back(key.key, key.values[i]);
        grown.push_back(std::move(next));
      }
    cells = std::move(grown);
  }
  return cells;
}

bool matches(Exclude const& exclude, Settings const& cell) {
  return std::all_of(exclude.keys.begin(), exclude.keys.end(), [&](auto const& key) {
    auto const found =
        std::find_if(cell.begin(), cell.end(), [&](auto const& entry) { return entry.first == key.key; });
    if (found == cell.end()) return false;
    auto const value = config::canonical_value(key.key, found->second);
    return std::any_of(key.values.begin(), key.values.end(),
                       [&](auto const& excluded) { return config::canonical_value(key.key, excluded) == value; });
  });
}

std::vector<Settings> cells_of(SweepFile const& sweep) {
  require_few_trials(sweep);
  auto cells = product(sweep.axes);
  // With includes but no axes, the includes are all the cells; the empty product would add the base as another cell.
  if (sweep.axes.empty() && !sweep.includes.empty()) cells.clear();
  for (auto const& exclude : sweep.excludes) {
    auto const before = cells.size();
    std::erase_if(cells, [&](auto const& cell) { return matches(exclude, cell); });
    if (cells.size() == before)
      throw errors::usage(exclude.origin + ": [[sweep.exclude]] excludes nothing", "no cell has all of its values",
                          "Correct its values or remove it");
  }
  cells.insert(cells.end(), sweep.includes.begin(), sweep.includes.end());
  return cells;
}

std::string text_of(Settings const& cell) {
  std::string text;
  for (auto const& [key, value] : cell) text += (text.empty() ? "" : ", ") + key + " = " + shown(value);
  return text.empty() ? "the base configuration" : text;
}

std::vector<std::string> columns_of(SweepFile const& sweep) {
  std::vector<std::string> columns;
  auto const add = [&](std::string const& key) {
    if (key != ranks_key && std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
  };
  for (auto const& axis : sweep.axes)
    for (auto const& key : axis.keys) add(key.key);
  for (auto const& include : sweep.includes)
    for (auto const& [key, value] : include) add(key);
  return columns;
}

/// Runs `check`; an error from it is reported with the cell.
template <class Check>
void check_cell(Settings const& cell, Check const& check) {
  try {
    check();
  } catch (errors::Error const& error) {
    if (cell.empty()) throw;
    std::string why = error.what();
    if (why.ends_with('.')) why.pop_back();
    throw errors::usage("the cell " + text_of(cell) + " cannot run", why,
                        "Exclude it with [[sweep.exclude]], or change its values");
  }
}

}  // namespace

Plan make_plan(SweepFile given_sweep, std::string const& auto_precision, IdentifyData const& identify,
               CheckTrial const& check) {
  Plan plan;
  plan.sweep = std::move(given_sweep);
  auto const& sweep = plan.sweep;
  if (plan.sweep.base.train.precision == "auto") plan.sweep.base.train.precision = auto_precision;
  plan.name = sweep.keys.name;
  plan.columns = columns_of(sweep);

  std::map<std::string, std::string> base_values;
  for (auto const& column : plan.columns) base_values[column] = shown(config::get(sweep.base, column));
  std::map<std::pair<std::string, std::string>, DataIdentity> stored;
  std::map<std::string, std::string> cell_of_id;
  for (auto const& cell : cells_of(sweep)) {
    PlannedTrial planned;
    planned.trial = sweep.base;
    planned.ranks = sweep.keys.ranks_per_trial;
    for (auto const& [key, value] : cell) {
      if (key == ranks_key) planned.ranks = ranks_of(value);
      else config::set(planned.trial, key, value);
    }
    if (planned.trial.train.precision == "auto") planned.trial.train.precision = auto_precision;
    check_cell(cell, [&] {
      config::check(planned.trial);
      if (check) check(planned.trial, planned.ranks);
    });
    for (auto const& column : plan.columns) {
      auto const found =
          std::find_if(cell.begin(), cell.end(), [&](auto const& entry) { return entry.first == column; });
      planned.axis_values.push_back(found == cell.end() ? base_values[column] : shown(found->second));
    }
    auto const& data = planned.trial.data;
    DataIdentity series{{}, data.n_steps, data.ambient_dim};
    if (!data.path.empty()) {
      auto const array = std::pair(data.path, data.array);
      auto const known = stored.find(array);
      series = known != stored.end() ? known->second : (stored[array] = identify(data));
      check_cell(cell, [&] { config::check_against_file(data, series.channels); });
      if (series.generated_from) {
        planned.trial.data = config::with_keys_of_file(*series.generated_from, data);
        check_cell(cell, [&] {
          config::check_no_recording(planned.trial.data);
          config::check_test_series(planned.trial.data);
        });
      }
    }
    planned.data_hash = data_hash(planned.trial, series.foreign);
    planned.channels = series.channels;
    planned.cost = estimated_cost(planned.trial, series.n_steps, series.channels);
    ++plan.cells;
    for (auto const seed : sweep.keys.seeds) {
      planned.trial.train.seed = seed;
      planned.id = trial_id(planned.trial, series.foreign);
      auto const [same, fresh] = cell_of_id.emplace(planned.id, text_of(cell));
      if (!fresh)
        throw errors::usage("two cells of the sweep are the same trial: " + same->second + " and " + text_of(cell),
                            "they differ in no key that changes results", "Remove one of them");
      plan.trials.push_back(planned);
    }
  }
  if (plan.trials.empty())
    throw errors::usage("the sweep '" + plan.name + "' has no trials", "[[sweep.exclude]] excludes every cell",
                        "Exclude fewer cells");
  return plan;
}

void keep_part(Plan& plan, std::int64_t part, std::int64_t parts) {
  plan.part = part;
  plan.parts = parts;
  if (parts == 1) return;
  std::vector<PlannedTrial> kept;
  for (auto i = static_cast<std::size_t>(part - 1); i < plan.trials.size(); i += static_cast<std::size_t>(parts))
    kept.push_back(std::move(plan.trials[i]));
  if (kept.empty())
    throw errors::usage("part " + std::to_string(part) + " of " + std::to_string(parts) + " has no trials",
                        "the sweep has only " + std::to_string(plan.trials.size()), "Use fewer parts");
  plan.trials = std::move(kept);
}

}  // namespace mambasynth::sweep
