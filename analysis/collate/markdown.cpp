#include "analysis/collate/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/collate/cells_table.hpp"
#include "analysis/collate/controls_table.hpp"
#include "analysis/collate/markdown_cells.hpp"
#include "analysis/collate/mixture.hpp"
#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/shown_measures.hpp"

namespace mambasynth::analysis::collate {

namespace {

/// Which error is whose.
std::string of_the_test_series(Table const& table) {
  if (!has_measure(table, "test_mse")) return {};
  if (std::none_of(table.measures.begin(), table.measures.end(),
                   [&](auto const& measure) { return has_test_error(table, measure); }))
    return "Seeds share one test series, whose own error this leaves out.\n";
  return wrapped(
      fmt::format("Seeds share one test series, whose own error this leaves out. {}: half the 95 % confidence interval "
                  "over blocks of that series "
                  "(Student's t), seeds averaged first; cells share the series too, so it is not the error of a "
                  "difference between cells.",
                  test_error_title));
}

std::string summary(Table const& table, SweepFolder const& sweep) {
  Cell total;
  for (auto const& cell : table.cells) {
    total.n += cell.n;
    total.missing += cell.missing;
    total.failed += cell.failed;
    total.diverged += cell.diverged;
  }
  auto text =
      fmt::format("{} {} in {} {}: {} done, {} missing, {} failed, {} diverged.\n", sweep.trials.size(),
                  sweep.trials.size() == 1 ? "trial" : "trials", table.cells.size(),
                  table.cells.size() == 1 ? "cell" : "cells", total.n, total.missing, total.failed, total.diverged);
  text += "Means over the done trials of a cell, ± half the 95 % confidence interval (Student's t over seeds).\n";
  text += of_the_test_series(table);
  if (has_measure(table, "excess_mse.h1")) {
    auto const optimum = shared_optimum(table);
    text +=
        fmt::format("excess MSE h1: one step ahead, beyond the least that any predictor can reach (Bayes optimum{}).\n",
                    optimum ? fmt::format(", {:.4g}", *optimum) : "");
  }
  if (auto const k = shown_k(table); !k.empty()) {
    text += fmt::format("ID: intrinsic dimension, {} at k = {}.\n", shown_estimator.name, k.substr(1));
  }
  for (auto const what : all_shared) {
    std::vector<std::string> names;
    for (auto const& version : versions_of(what, sweep.trials)) names.push_back(version.name);
    if (!names.empty()) {
      text += fmt::format("{}{}: {}.\n", names.size() > 1 ? "MIXED " : "", name_of(what), fmt::join(names, "; "));
    }
  }
  return text;
}

std::string gaps(SweepFolder const& sweep) {
  constexpr std::size_t most = 20;
  std::string text;
  std::size_t count = 0;
  for (auto const& trial : sweep.trials) {
    if (trial.outcome == Outcome::done || ++count > most) continue;
    text += "- " + trial.id;
    for (auto const& [key, value] : trial.axes) {
      if (value != trial.id) text += ", " + key + " = " + value;
    }
    if (!trial.seed.empty()) text += ", seed " + trial.seed;
    text += ": " + escaped(trial.reason.empty() ? name_of(trial.outcome) : trial.reason) + "\n";
  }
  if (count > most) text += fmt::format("- and {} more\n", count - most);
  return text.empty() ? text : "\nGaps:\n\n" + text;
}

}  // namespace

std::string to_markdown(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
                        std::vector<std::string> const& measures) {
  return cells_table(table, measures) + "\n" + summary(table, sweep) + controls_table(table, sweep) +
         to_markdown(similarity, table) + gaps(sweep);
}

}  // namespace mambasynth::analysis::collate
