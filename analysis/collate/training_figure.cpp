#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/collate/sweep_figures.hpp"
#include "analysis/collate/training_curves.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// Mean over horizons, as the loss is; NaN if cells differ in their horizons or optima.
double validation_optimum(FigureCells const& cells) {
  auto const& table = cells.table();
  double first = std::nan("");
  for (std::size_t c = 0; c < table.cells.size(); ++c) {
    if (table.cells[c].n == 0) continue;
    double sum = 0;
    int horizons = 0;
    for (auto const& [name, interval] : table.cells[c].measures)
      if (auto const measure = describe(name); measure.base == "val_bayes_mse") sum += interval.mean, ++horizons;
    double const mean = horizons == 0 ? std::nan("") : sum / horizons;
    if (std::isnan(mean)) return mean;
    if (std::isnan(first)) first = mean;
    constexpr double rounding = 1e-9;
    if (std::abs(mean - first) > rounding * std::abs(first)) return std::nan("");
  }
  return first;
}

std::vector<double> means_of(TrainingCurves const& loss) {
  std::vector<double> means;
  for (auto const& curve : loss.of_cell)
    for (auto const& interval : curve) means.push_back(interval.mean);
  return means;
}

Sheet training_sheet(FigureCells const& cells, CellGroup const& group, TrainingCurves const& loss, double optimum) {
  plot::Page page{.name = "sweep_training", .panel_height = 48, .legend_title = cells.legend_title()};
  std::vector<double> const epochs(loss.epoch.begin(), loss.epoch.end());
  plot::Panel panel{.part = "val_mse", .title = "Validation loss", .x = {}, .y = {}};
  double const last = std::max(epochs.back(), epochs.front() + 1);
  panel.x = plot::whole_axis("Epoch", epochs.front(), last);
  for (auto const cell : group.cells) {
    plot::Series curve{.name = cells.name(cell), .style = cells.style(cell), .x = epochs, .y = {}};
    for (auto const& interval : loss.of_cell[cell]) {
      curve.y.push_back(interval.mean);
      curve.low.push_back(interval.low);
      curve.high.push_back(interval.high);
    }
    if (epochs.size() > 12) curve.style.point = 0;
    curve.joined = epochs.size() > 1;
    curve.spread = curve.joined ? plot::Spread::band : plot::Spread::bars;
    panel.series.push_back(std::move(curve));
  }
  auto const& names = cells.table().measures;
  auto const horizons =
      std::count_if(names.begin(), names.end(), [](auto const& name) { return name.starts_with("val_mse.h"); });
  auto [y_axis, cut] = plot::late_axis(horizons == 1 ? "MSE" : "MSE, mean over horizons", means_of(loss), optimum);
  panel.y = std::move(y_axis);
  if (std::isfinite(optimum)) panel.references.push_back(plot::level("Bayes", panel.x, optimum));
  page.panels.push_back(std::move(panel));
  page.notes = cells.notes("Bands", group);
  if (std::isfinite(optimum)) page.notes.emplace_back("Bayes: the lowest loss that any predictor can reach.");
  if (cut) page.notes.emplace_back("The first epochs lie above the scale.");
  auto const of = group.suffix();
  auto caption = fmt::format("Validation loss by epoch{}. {}", of, fmt::join(page.notes, " "));
  return {.page = std::move(page), .title = "Training" + of, .caption = std::move(caption)};
}

}  // namespace

std::vector<Sheet> training_sheets(FigureCells const& cells) {
  auto const loss = validation_loss(cells.table(), cells.sweep());
  if (loss.epoch.empty()) return {};
  auto const optimum = validation_optimum(cells);
  std::vector<Sheet> sheets;
  for (auto const& group : cells.groups()) sheets.push_back(training_sheet(cells, group, loss, optimum));
  number_pages(sheets);
  return sheets;
}

}  // namespace mambasynth::analysis::collate
