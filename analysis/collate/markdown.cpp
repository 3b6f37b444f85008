#include "analysis/collate/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "analysis/collate/controls_table.hpp"
#include "analysis/collate/markdown_cells.hpp"
#include "analysis/collate/mixture.hpp"
#include "analysis/collate/shown_dimension.hpp"

namespace mambasynth::collate {

namespace {


struct Column {
  std::string title;
  std::string measure;
};

std::vector<Column> columns_of(Table const& table) {
  std::vector<Column> columns;
  auto const add = [&](std::string const& title, std::string const& measure) {
    if (std::find(table.measures.begin(), table.measures.end(), measure) != table.measures.end()) {
      columns.push_back({title, measure});
    }
  };
  add("test MSE", "test_mse");
  add("val MSE", "val_mse");
  add("excess MSE h1", "excess_mse.h1");
  auto const k = shown_k(table);
  for (auto const& measure : table.measures) {
    auto const name = parse_dimension(measure);
    if (!name.k.empty() && name.k == k) columns.push_back({"ID " + std::string(name.layer), measure});
  }
  add("seconds", "seconds");
  return columns;
}

/// What a cell without any result shows instead of numbers.
std::string no_result(Cell const& cell) {
  std::vector<char const*> words;
  if (cell.diverged > 0) words.push_back(name_of(Outcome::diverged));
  if (cell.failed > 0) words.push_back(name_of(Outcome::failed));
  if (cell.missing > 0) words.push_back(name_of(Outcome::missing));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string summary(Table const& table, SweepFolder const& sweep) {
  Cell total;
  for (auto const& cell : table.cells) {
    total.n += cell.n;
    total.missing += cell.missing;
    total.failed += cell.failed;
    total.diverged += cell.diverged;
  }
  auto text = fmt::format("{} {} in {} {}: {} done, {} missing, {} failed, {} diverged.\n", sweep.trials.size(),
                          sweep.trials.size() == 1 ? "trial" : "trials", table.cells.size(),
                          table.cells.size() == 1 ? "cell" : "cells", total.n, total.missing, total.failed, total.diverged);
  text += "Numbers are means over the done trials of a cell, ± half the 95 % confidence interval (Student's t over seeds).\n";
  if (auto const k = shown_k(table); !k.empty()) {
    text += fmt::format("ID: intrinsic dimension, {} at k = {}.\n", shown_estimator, k.substr(1));
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

std::string to_markdown(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity) {
  auto const columns = columns_of(table);
  std::vector<std::string> header = table.axes;
  for (auto const* count : {"n", "missing", "failed", "diverged"}) header.emplace_back(count);
  for (auto const& column : columns) header.push_back(column.title);
  std::vector<std::vector<std::string>> rows{header};
  for (auto const& cell : table.cells) {
    std::vector<std::string> row;
    for (auto const& axis : table.axes) row.push_back(escaped(value_of(cell, axis, nothing)));
    for (auto const count : {cell.n, cell.missing, cell.failed, cell.diverged}) row.push_back(fmt::format("{}", count));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      auto const at = cell.measures.find(columns[c].measure);
      if (at != cell.measures.end()) row.push_back(text_of(at->second));
      else row.push_back(cell.n == 0 && c == 0 ? no_result(cell) : nothing);
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows) + "\n" + summary(table, sweep) + controls_table(table, sweep) + to_markdown(similarity, table) + gaps(sweep);
}

}  // namespace mambasynth::collate
