#include "analysis/collate/summary_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/shown_measures.hpp"

namespace mambasynth::analysis::collate {
namespace {

using plot::Curve;
using plot::Curves;
using plot::Panel;

void add_if_new(std::vector<std::string>& all, std::string const& name) {
  if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
}

/// For naming cells by the other axes.
Table without_first_axis(Table const& table) {
  return {.axes = {table.axes.begin() + 1, table.axes.end()}, .measures = {}, .cells = {}, .warnings = {}};
}

std::vector<double> values_of(Cell const& cell, ShownMeasure const& measure, SweepFolder const& sweep) {
  std::vector<double> values;
  for (auto const& trial : sweep.trials) {
    if (trial.outcome != Outcome::done || !trial.result || trial.axes != cell.axes) continue;
    for (auto const& name : measure.measures) {
      auto const value = trial.result->measures.find(name);
      if (!value) continue;
      if (std::isfinite(*value)) values.push_back(*value);
      break;
    }
  }
  return values;
}

}  // namespace

Curves summary_figure(Table const& table, SweepFolder const& sweep) {
  Curves figure{.name = "sweep_summary", .legend_title = "", .xlabel = "", .x = {}, .ticks = {}, .panels = {}};
  if (table.axes.empty()) return figure;
  auto const& axis = table.axes.front();
  auto const rest = without_first_axis(table);
  std::vector<std::string> names;
  for (auto const& cell : table.cells) {
    add_if_new(figure.ticks, value_of(cell, axis, "-"));
    add_if_new(names, name_of(cell, rest));
  }
  if (figure.ticks.size() < 2) return figure;
  figure.xlabel = axis;
  figure.legend_title = rest.axes.empty() ? "" : axes_title(rest);
  for (std::size_t i = 0; i < figure.ticks.size(); ++i) figure.x.push_back(static_cast<double>(i));

  auto const panel = [&](std::string const& part, std::string const& title, std::string const& ylabel,
                         ShownMeasure const& measure) {
    Panel drawn{.part = part, .title = title, .ylabel = ylabel, .curves = {}, .references = {}};
    for (auto const& name : names) {
      Curve curve{.name = rest.axes.empty() ? "mean" : name, .mean = {}, .low = {}, .high = {}};
      for (auto const& value : figure.ticks) {
        auto const cell = std::find_if(table.cells.begin(), table.cells.end(), [&](auto const& candidate) {
          return value_of(candidate, axis, "-") == value && name_of(candidate, rest) == name;
        });
        auto const* interval = cell == table.cells.end() ? nullptr : measure.of(*cell);
        auto const shown = interval ? *interval : interval_of({});
        curve.mean.push_back(shown.mean);
        curve.low.push_back(shown.low);
        curve.high.push_back(shown.high);
        curve.singles.push_back(interval ? values_of(*cell, measure, sweep) : std::vector<double>());
      }
      drawn.curves.push_back(std::move(curve));
    }
    figure.panels.push_back(std::move(drawn));
  };
  if (has_measure(table, "excess_mse.h1")) {
    auto const optimum = shared_optimum(table);
    panel("excess_mse",
          fmt::format("Test error beyond the Bayes optimum{}, one step ahead",
                      optimum ? fmt::format(" ({:.4g})", *optimum) : ""),
          "excess MSE", {"", {"excess_mse.h1"}});
  } else if (has_measure(table, "test_mse")) {
    panel("test_mse", "Test error", "MSE", {"", {"test_mse"}});
  }
  if (auto const last = last_layer_dimension(table))
    panel("dimension",
          fmt::format("Intrinsic dimension, {} (Levina-Bickel, k = {})", last->layer, shown_k(table).substr(1)),
          "dimension", last->shown);
  return figure;
}

}  // namespace mambasynth::analysis::collate
