#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/collate/sweep_figures.hpp"

namespace mambasynth::analysis::collate {
namespace {

std::set<std::int64_t> measured_horizons(Table const& table) {
  std::set<std::int64_t> horizons;
  for (auto const& name : table.measures)
    if (auto const measure = describe(name);
        measure.horizon && (measure.base == "test_mse" || measure.base == "val_mse"))
      horizons.insert(*measure.horizon);
  return horizons;
}

std::vector<Sheet> against_axis(FigureCells const& cells, std::int64_t horizon) {
  std::vector<EffectMeasure> measures;
  auto const add = [&](std::string const& base, std::string const& title, std::string const& optimum) {
    auto const name = fmt::format("{}.h{}", base, horizon);
    if (!cells.any({name})) return;
    EffectMeasure measure{.part = base, .title = title, .ylabel = "MSE", .measures = {name}};
    if (double const least = cells.over_all(fmt::format("{}.h{}", optimum, horizon)); std::isfinite(least))
      measure.levels = {{"Bayes optimum", least}};
    measures.push_back(std::move(measure));
  };
  auto const steps = fmt::format("{} {} ahead", horizon, horizon == 1 ? "step" : "steps");
  add("test_mse", "Test error, " + steps, "bayes_mse");
  add("val_mse", "Validation error, " + steps, "val_bayes_mse");
  bool const any_level =
      std::any_of(measures.begin(), measures.end(), [](auto const& measure) { return !measure.levels.empty(); });
  return sheets_against_axis(
      cells, "sweep_errors", "Errors",
      any_level ? "Errors, with the least that any predictor can reach (Bayes optimum)," : "Errors", measures);
}

Sheet by_horizon(FigureCells const& cells, CellGroup const& group, std::set<std::int64_t> const& horizons) {
  plot::Page page{
      .name = "sweep_errors", .width = plot::two_columns, .columns = 2, .legend_title = cells.legend_title()};
  std::vector<double> const x(horizons.begin(), horizons.end());
  plot::Axis axis{.title = "Horizon, steps", .low = x.front() / 1.3, .high = x.back() * 1.3, .log = true};
  for (auto const horizon : horizons) axis.ticks.push_back({static_cast<double>(horizon), fmt::format("{}", horizon)});
  auto const at = [&](std::string const& base) {
    std::vector<std::string> names;
    for (auto const horizon : horizons) names.push_back(fmt::format("{}.h{}", base, horizon));
    return names;
  };
  auto const panel = [&](std::string const& base, std::string const& title, std::string const& optimum) {
    if (!cells.any(at(base))) return;
    plot::Panel drawn{.part = base, .title = title, .x = axis, .y = {}};
    for (auto const cell : group.cells) drawn.series.push_back(cells.curve(cell, x, at(base)));
    if (!optimum.empty() && cells.any(at(optimum)))
      drawn.references.push_back(cells.control("Bayes optimum", x, at(optimum), 0));
    drawn.y = cells.extent(x, at(base)).axis("MSE");
    page.panels.push_back(std::move(drawn));
  };
  panel("excess_mse", "Test error beyond the Bayes optimum", "");
  panel("test_mse", "Test error", "bayes_mse");
  if (page.panels.empty()) panel("val_mse", "Validation error", "val_bayes_mse");
  page.notes = cells.notes("Bands", group);
  auto const of = group.suffix();
  auto caption = fmt::format("Error by horizon{}. {}", of, fmt::join(page.notes, " "));
  return {.page = std::move(page), .title = "Errors by horizon" + of, .caption = std::move(caption)};
}

}  // namespace

std::vector<Sheet> error_sheets(FigureCells const& cells) {
  auto const horizons = measured_horizons(cells.table());
  if (horizons.empty()) return {};
  if (horizons.size() == 1) return against_axis(cells, *horizons.begin());
  std::vector<Sheet> sheets;
  for (auto const& group : cells.groups()) sheets.push_back(by_horizon(cells, group, horizons));
  number_pages(sheets);
  return sheets;
}

}  // namespace mambasynth::analysis::collate
