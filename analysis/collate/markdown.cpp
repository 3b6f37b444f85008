#include "analysis/collate/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/collate/cells_table.hpp"
#include "analysis/collate/controls_table.hpp"
#include "analysis/collate/mixture.hpp"
#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/document/terminal.hpp"

namespace mambasynth::analysis::collate {

namespace {

/// Which error is whose.
std::string of_the_test_series(Table const& table, SweepFolder const& sweep) {
  if (!has_measure(table, "test_mse") || versions_of(Shared::data, sweep.trials).size() > 1) return {};
  if (std::none_of(table.measures.begin(), table.measures.end(),
                   [&](auto const& measure) { return has_test_error(table, measure); }))
    return "Seeds share one test series, whose own error this leaves out.";
  return fmt::format(
      "Seeds share one test series, whose own error this leaves out. {}: half the 95 % confidence interval "
      "over blocks of that series "
      "(Student's t), seeds averaged first; cells share the series too, so it is not the error of a "
      "difference between cells.",
      test_error_title);
}

/// Of the cells' numbers.
std::string of_the_interval(statistics::Method method, document::Shows const& shows) {
  if (!shows.interval)
    return method == statistics::Method::iqm ? "Interquartile means over the done trials of a cell."
                                             : "Means over the done trials of a cell.";
  switch (method) {
    case statistics::Method::student:
      return "Means over the done trials of a cell, ± half the 95 % confidence interval (Student's t over seeds).";
    case statistics::Method::bca:
      return "Means over the done trials of a cell and their 95 % confidence interval (BCa bootstrap over seeds).";
    case statistics::Method::iqm:
      return "Interquartile means over the done trials of a cell and their 95 % confidence interval (bootstrap over "
             "seeds).";
  }
  return {};
}

std::string counts(Table const& table, SweepFolder const& sweep) {
  Cell total;
  for (auto const& cell : table.cells) {
    total.n += cell.n;
    total.failed += cell.failed;
    total.diverged += cell.diverged;
  }
  auto const in_state = [&](std::string_view state) {
    return std::count_if(sweep.trials.begin(), sweep.trials.end(),
                         [&](auto const& trial) { return state_of(trial) == state; });
  };
  auto const running = in_state("running"), timed_out = in_state("timed_out");
  return fmt::format("{} {} in {} {}: {} done, {}{} waiting, {} failed{}, {} diverged.", sweep.trials.size(),
                     sweep.trials.size() == 1 ? "trial" : "trials", table.cells.size(),
                     table.cells.size() == 1 ? "cell" : "cells", total.n,
                     running > 0 ? fmt::format("{} running, ", running) : "", in_state("waiting"), total.failed,
                     timed_out > 0 ? fmt::format(" ({} timed out)", timed_out) : "", total.diverged);
}

document::List explanations(Table const& table, SweepFolder const& sweep, Options const& options) {
  document::List list;
  list.items.emplace_back(of_the_interval(options.interval, options.shows));
  if (auto const error = of_the_test_series(table, sweep); !error.empty()) list.items.emplace_back(error);
  if (has_measure(table, "excess_mse.h1")) {
    auto const optimum = shared_optimum(table);
    list.items.emplace_back(
        fmt::format("excess MSE h1: one step ahead, beyond the least that any predictor can reach (Bayes optimum{}).",
                    optimum ? fmt::format(", {:.4g}", *optimum) : ""));
  }
  if (auto const k = shown_k(table); !k.empty())
    list.items.emplace_back(fmt::format("ID: intrinsic dimension ({}, k = {}).", shown_estimator.label(), k.substr(1)));
  for (auto const what : all_shared) {
    std::vector<std::string> names;
    for (auto const& version : versions_of(what, sweep.trials)) names.push_back(version.name);
    if (!names.empty())
      list.items.emplace_back(
          fmt::format("{}{}: {}.", names.size() > 1 ? "MIXED " : "", name_of(what), fmt::join(names, "; ")));
  }
  return list;
}

document::List gaps(SweepFolder const& sweep) {
  constexpr std::size_t most = 20;
  document::List list;
  std::size_t count = 0;
  for (auto const& trial : sweep.trials) {
    if (trial.outcome == Outcome::done || ++count > most) continue;
    auto text = trial.id;
    for (auto const& [key, value] : trial.axes)
      if (value != trial.id) text += ", " + key + " = " + value;
    if (!trial.seed.empty()) text += ", seed " + trial.seed;
    list.items.emplace_back(text + ": " + (trial.reason.empty() ? state_of(trial) : trial.reason));
  }
  if (count > most) list.items.emplace_back(fmt::format("and {} more", count - most));
  return list;
}

/// A sweep of many cells has the rest in differences.csv.
document::Table differences_to_print(Table const& table, Differences const& differences) {
  constexpr std::size_t most = 40;
  auto shown = differences_table(table, differences);
  auto const all = shown.rows.size();
  shown.caption = differences.note;
  if (all > most) {
    shown.rows.resize(most);
    shown.notes.push_back({"", fmt::format("The first {} of {} rows; differences.csv has all.", most, all)});
  }
  fit_differences(shown, table);
  return shown;
}

}  // namespace

document::Blocks to_blocks(document::Table shown, Table const& table, SweepFolder const& sweep,
                           Differences const& differences, TrialSimilarity const& similarity, Options const& options) {
  bool const has_deltas = std::any_of(shown.columns.begin(), shown.columns.end(),
                                      [](auto const& column) { return column.title.starts_with("Δ"); });
  document::Blocks blocks{std::move(shown), document::Paragraph{counts(table, sweep)}};
  auto explained = explanations(table, sweep, options);
  if (has_deltas)
    explained.items.insert(explained.items.begin() + 1, "Δ: mean difference to the baseline, paired by seed.");
  blocks.emplace_back(std::move(explained));
  if (auto compared = differences_to_print(table, differences); !compared.rows.empty())
    blocks.emplace_back(std::move(compared));
  else if (!differences.note.empty()) blocks.emplace_back(document::Paragraph{differences.note});
  if (auto controls = controls_table(table, sweep); !controls.columns.empty()) {
    if (!document::fit_terminal(controls).dropped.empty())
      controls.notes.push_back({"", "Some controls are left out for the table's width (table.csv holds all)."});
    blocks.emplace_back(std::move(controls));
  }
  if (auto layers = similarity_table(similarity, table); !layers.columns.empty())
    blocks.emplace_back(std::move(layers));
  if (auto lost = gaps(sweep); !lost.items.empty()) {
    blocks.emplace_back(document::Paragraph{"Gaps:"});
    blocks.emplace_back(std::move(lost));
  }
  return blocks;
}

}  // namespace mambasynth::analysis::collate
