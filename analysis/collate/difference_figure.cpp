#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/collate/compared_measures.hpp"
#include "analysis/collate/sweep_figures.hpp"
#include "analysis/collate/swept_axis.hpp"
#include "analysis/plot/text.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// "p 0.31"; "p < 0.001"
std::string p_words(double p) {
  if (!std::isfinite(p)) return "";
  return p < 0.001 ? "p < 0.001" : fmt::format("p {:.2g}", p);
}

/// "train.gate_lr_factor = 1" with the axis in words.
std::string baseline_words(std::string named, Table const& table) {
  for (auto const& axis : table.axes)
    if (auto const at = named.find(axis + " = "); at != std::string::npos) {
      auto const words = axis_words(axis);
      named.replace(at, axis.size(), words.substr(0, words.find(',')));
    }
  return named;
}

/// "2 measures × 3 cells", as print has it.
std::string with_times_signs(std::string text) {
  for (auto at = text.find(" x "); at != std::string::npos; at = text.find(" x ", at)) text.replace(at, 3, " × ");
  return text;
}

/// Of all axes: "0.1, 16".
std::string row_name(Cell const& cell, Table const& table) {
  std::vector<std::string> values;
  for (auto const& axis : table.axes) values.push_back(value_words(value_of(cell, axis, "–")));
  return fmt::format("{}", fmt::join(values, ", "));
}

/// The differences of one measure, a row each.
plot::Panel forest(FigureCells const& cells, std::vector<Difference const*> const& rows) {
  auto const& table = cells.table();
  auto const measure = describe(rows.front()->measure, table.labels);
  auto const count = static_cast<double>(rows.size());
  plot::Panel panel{.part = measure.name, .title = measure.label, .x = {}, .y = {}, .grid = false};
  std::replace(panel.part.begin(), panel.part.end(), '.', '_');
  plot::Series singles{.name = "Single seed", .style = plot::single_value_style(), .x = {}, .y = {}};
  plot::Series means{.name = "Mean over seeds", .style = plot::category_style(0), .x = {}, .y = {}};
  singles.joined = means.joined = false;
  singles.across = true;
  singles.aside = 1.1;  // below the bar of their mean
  means.across = true;
  plot::Extent extent;
  extent.add(0);
  panel.y.low = -0.5, panel.y.high = count - 0.5;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    auto const& row = *rows[r];
    double const at = count - 1 - static_cast<double>(r);
    panel.y.ticks.push_back({at, row_name(table.cells[row.cell], table)});
    if (auto const words = p_words(row.p_holm); !words.empty()) panel.remarks.push_back({at, words});
    auto const& difference = row.of_seeds.difference;
    means.x.push_back(difference.mean), means.y.push_back(std::isfinite(difference.mean) ? at : std::nan(""));
    means.low.push_back(difference.low), means.high.push_back(difference.high);
    extent.add(difference.mean), extent.add_interval(difference.low, difference.high);
    if (difference.n < 2) continue;
    for (double const value : row.pairs) {
      singles.x.push_back(value), singles.y.push_back(at);
      extent.add(value);
    }
  }
  panel.x =
      extent.axis("Difference" + (measure.unit.empty() || measure.unit == "1" ? std::string() : ", " + measure.unit));
  plot::Series zero{.name = "No difference",
                    .style = {.color = plot::reference_gray, .dash = 2},
                    .x = {0, 0},
                    .y = {panel.y.low, panel.y.high}};
  zero.in_legend = false;
  panel.series = {std::move(zero), std::move(singles), std::move(means)};
  return panel;
}

}  // namespace

std::vector<Sheet> difference_sheets(FigureCells const& cells, Differences const& differences) {
  auto const& table = cells.table();
  std::vector<std::string> measures;
  for (auto const& row : differences.rows)
    if (std::find(measures.begin(), measures.end(), row.measure) == measures.end()) measures.push_back(row.measure);
  std::vector<std::vector<Difference const*>> of_measure;
  std::size_t longest = 0, most_seeds = 0, without_pairs = 0;
  double least_p = 1;
  for (auto const& measure : measures) {
    auto& rows = of_measure.emplace_back();
    for (auto const& row : differences.rows) {
      if (row.measure != measure || (!row.tested && measure == "seconds")) continue;
      if (row.of_seeds.difference.n == 0) {
        ++without_pairs;
        continue;
      }
      rows.push_back(&row);
      most_seeds = std::max(most_seeds, static_cast<std::size_t>(row.of_seeds.difference.n));
      if (std::isfinite(row.of_seeds.sign_flip.p_least)) least_p = std::min(least_p, row.of_seeds.sign_flip.p_least);
    }
    longest = std::max(longest, rows.size());
  }
  std::erase_if(of_measure, [](auto const& rows) { return rows.empty(); });
  if (of_measure.empty()) return {};

  // Pages of so many rows and panels, whose labels stay readable.
  constexpr std::size_t most_rows = 16, most_panels = 8;
  constexpr double row_height = 4.5;
  std::vector<Sheet> sheets;
  auto const baseline = baseline_words(of_measure.front().front()->named, table);
  for (std::size_t first_row = 0; first_row < longest; first_row += most_rows)
    for (std::size_t first = 0; first < of_measure.size(); first += most_panels) {
      plot::Page page{.name = "sweep_differences"};
      std::size_t rows_of_page = 0;
      for (std::size_t m = first; m < std::min(of_measure.size(), first + most_panels); ++m) {
        auto const& all = of_measure[m];
        if (first_row >= all.size()) continue;
        std::vector<Difference const*> const rows(
            all.begin() + static_cast<std::ptrdiff_t>(first_row),
            all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), first_row + most_rows)));
        page.panels.push_back(forest(cells, rows));
        rows_of_page = std::max(rows_of_page, rows.size());
      }
      if (page.panels.empty()) continue;
      page.columns = page.panels.size() > 1 ? 2 : 1;
      page.width = page.columns > 1 ? plot::two_columns : plot::one_column;
      page.panel_height = row_height * static_cast<double>(std::max<std::size_t>(rows_of_page, 2));
      for (std::size_t p = 0; p < page.panels.size(); p += static_cast<std::size_t>(page.columns))
        page.panels[p].y.title = table.axes.size() == 1 && rows_of_page > 4 ? axis_words(table.axes.front()) : "";
      std::string const what = table.axes.size() == 1 ? axis_words(table.axes.front()) : axes_title(table);
      page.notes.push_back(fmt::format("Rows: {}, each minus the baseline ({}), paired by seed.", what, baseline));
      page.notes.push_back(
          most_seeds < 2
              ? "One seed: no intervals."
              : fmt::format("Bars: 95 % confidence interval of the mean difference over {} seeds.", most_seeds));
      if (!differences.family.empty())
        page.notes.push_back(
            fmt::format("p: exact sign flips, Holm's method over {}{}.", with_times_signs(differences.family),
                        least_p < 1 ? fmt::format("; a single test cannot go below {:.3g}", least_p) : ""));
      if (without_pairs > 0) page.notes.push_back(left_out_words(without_pairs));
      auto caption = fmt::format("{}", fmt::join(page.notes, " "));
      sheets.push_back(
          {.page = std::move(page), .title = "Differences to the baseline", .caption = std::move(caption)});
    }
  number_pages(sheets);
  return sheets;
}

}  // namespace mambasynth::analysis::collate
