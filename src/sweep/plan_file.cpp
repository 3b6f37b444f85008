#include <charconv>
#include <cmath>
#include <cstdio>

#include "config/text.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "store/folder_name.hpp"
#include "sweep/plan.hpp"

namespace mambasynth::sweep {
namespace {

/// Four digits: an estimate, and the same text on every machine.
std::string cost_text(double cost) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", cost);
  return text;
}

errors::Error no_plan(std::filesystem::path const& file, std::string const& why) {
  return errors::input(file.string() + " is not a sweep's plan", why, "Give a folder that `mambasynth sweep` wrote");
}

}  // namespace

std::string plan_csv(Plan const& plan) {
  store::csv::Record header{"id"};
  header.insert(header.end(), plan.columns.begin(), plan.columns.end());
  header.insert(header.end(), {"seed", "cost"});
  auto text = store::csv::line(header) + "\n";
  for (auto const& planned : plan.trials) {
    store::csv::Record row{planned.id};
    row.insert(row.end(), planned.axis_values.begin(), planned.axis_values.end());
    row.insert(row.end(), {std::to_string(planned.trial.train.seed), cost_text(planned.cost)});
    text += store::csv::line(row) + "\n";
  }
  return text;
}

void write_plan(Plan const& plan, std::filesystem::path const& folder) {
  store::write_atomically(folder / "plan.csv", plan_csv(plan));
  std::string const part =
      plan.parts > 1 ? "# part " + std::to_string(plan.part) + " of " + std::to_string(plan.parts) + "\n" : "";
  store::write_atomically(folder / "sweep.toml", part + to_toml(plan.sweep));
}

void require_own_folder(std::filesystem::path const& folder) {
  auto const refuse = [&](char const* name) {
    return errors::usage((folder / name).string() + " would be overwritten", "it was not written by a sweep",
                         "Choose another --out, or move that file away");
  };
  if (std::filesystem::exists(folder / "events.jsonl")) return;
  auto const plan = folder / "plan.csv";
  if (std::filesystem::exists(plan)) {
    try {
      (void)read_plan(plan);
      return;
    } catch (errors::Error const&) {
      throw refuse("plan.csv");
    }
  }
  if (std::filesystem::exists(folder / "sweep.toml")) throw refuse("sweep.toml");
}

PlanTable read_plan(std::filesystem::path const& file) {
  if (!std::filesystem::exists(file)) throw no_plan(file, "there is no such file");
  auto const rows = store::csv::parse(store::read_text(file), file.string());
  if (rows.empty() || rows.front().size() < 3 || rows.front().front() != "id")
    throw no_plan(file, "its first line is not id,...,seed,cost");
  auto const width = rows.front().size();
  PlanTable table;
  table.columns.assign(rows.front().begin() + 1, rows.front().end() - 2);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    auto const& fields = rows[i];
    if (fields.size() != width)
      throw no_plan(file, "line " + std::to_string(i + 1) + " has " + std::to_string(fields.size()) + " fields, not " +
                              std::to_string(width));
    if (!store::can_name_folder(fields.front()))
      throw no_plan(file, "line " + std::to_string(i + 1) + " does not begin with the ID of a trial");
    PlanTable::Row row{fields.front(), {fields.begin() + 1, fields.end() - 2}, fields[width - 2], 0};
    auto const& cost = fields.back();
    std::from_chars(cost.data(), cost.data() + cost.size(), row.cost);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace mambasynth::sweep
