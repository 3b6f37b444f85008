#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/collate/sweep_figures.hpp"
#include "analysis/collate/swept_axis.hpp"

namespace mambasynth::analysis::collate {
namespace {

void add_value(std::vector<std::string>& all, std::string const& name) {
  if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
}

/// Cells by the second, the third, and the other axes.
struct Facets {
  std::vector<std::string> curves, panels, pages;
  explicit Facets(Table const& table) {
    for (auto const& cell : table.cells) {
      if (table.axes.size() > 1) add_value(curves, value_of(cell, table.axes[1], "–"));
      add_value(panels, values_of_axes(cell, table, 2, 3));
      add_value(pages, values_of_axes(cell, table, 3, table.axes.size()));
    }
    if (curves.empty()) curves.emplace_back();
    else curves = swept_axis(table.axes[1], curves).values;
  }
};

class AxisPanels {
 public:
  explicit AxisPanels(FigureCells const& cells) : cells_(cells), facets_(cells.table()) {
    auto const& table = cells.table();
    std::vector<std::string> values;
    for (auto const& cell : table.cells) values.push_back(value_of(cell, table.axes.front(), "–"));
    swept_ = swept_axis(table.axes.front(), values);
    ordered_ = facets_.curves.size() > 1 && swept_axis(table.axes[1], facets_.curves).ordered;
    if (facets_.curves.size() == 1 && facets_.panels.size() * facets_.pages.size() == 1) annotate();
  }

  [[nodiscard]] Facets const& facets() const { return facets_; }
  [[nodiscard]] std::size_t values() const { return swept_.values.size(); }

  [[nodiscard]] plot::Panel panel(EffectMeasure const& measure, std::string const& in_panel,
                                  std::string const& on_page) const {
    plot::Panel panel{.part = measure.part, .title = measure.title, .x = swept_.axis, .y = {}};
    plot::Extent extent;
    for (std::size_t c = 0; c < facets_.curves.size(); ++c) {
      auto [mean, singles] = curve(measure, c, in_panel, on_page);
      extent.add(singles.y);
      include(extent, mean);
      panel.series.push_back(std::move(singles));
      panel.series.push_back(std::move(mean));
    }
    panel.y = extent.axis(measure.ylabel);
    std::size_t dash = 0;
    for (auto const& [name, value] : measure.levels)
      panel.references.push_back(plot::level(name, panel.x, value, dash++));
    return panel;
  }

 private:
  /// Ticks of cells that have lost seeds, and of the baseline, say so: there is one cell at each.
  void annotate() {
    auto const& table = cells_.table();
    for (auto& tick : swept_.axis.ticks)
      for (std::size_t c = 0; c < table.cells.size(); ++c) {
        auto const at =
            std::find(swept_.values.begin(), swept_.values.end(), value_of(table.cells[c], table.axes.front(), "–"));
        if (tick.label.empty() || swept_.x[static_cast<std::size_t>(at - swept_.values.begin())] != tick.at) continue;
        if (!cells_.complete(c)) tick.label += fmt::format("\n{} of {}", table.cells[c].seeds, cells_.planned_seeds(c));
        else if (cells_.baseline(c)) tick.label += "\nbaseline";
      }
  }

  [[nodiscard]] std::optional<std::size_t> cell_at(std::size_t value, std::size_t curve, std::string const& in_panel,
                                                   std::string const& on_page) const {
    auto const& table = cells_.table();
    for (std::size_t c = 0; c < table.cells.size(); ++c) {
      auto const& cell = table.cells[c];
      if (value_of(cell, table.axes.front(), "–") == swept_.values[value] &&
          (table.axes.size() < 2 || value_of(cell, table.axes[1], "–") == facets_.curves[curve]) &&
          values_of_axes(cell, table, 2, 3) == in_panel && values_of_axes(cell, table, 3, table.axes.size()) == on_page)
        return c;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::pair<plot::Series, plot::Series> curve(EffectMeasure const& measure, std::size_t c,
                                                            std::string const& in_panel,
                                                            std::string const& on_page) const {
    bool const alone = facets_.curves.size() == 1;
    auto const style = alone      ? plot::category_style(0)
                       : ordered_ ? plot::ordered_style(c, facets_.curves.size())
                                  : plot::category_style(c);
    plot::Series mean{
        .name = alone ? "Mean over seeds" : value_words(facets_.curves[c]), .style = style, .x = {}, .y = {}};
    mean.spread = alone || !swept_.ordered ? plot::Spread::bars : plot::Spread::band;
    mean.joined = swept_.ordered;
    plot::Series singles{.name = "Single seed", .style = plot::single_value_style(), .x = {}, .y = {}};
    if (!alone) singles.style.color = style.color;
    singles.joined = false;
    singles.aside = 1.2;  // beside the bar of their mean
    singles.in_legend = alone;
    for (std::size_t v = 0; v < swept_.values.size(); ++v) {
      auto const cell = cell_at(v, c, in_panel, on_page);
      auto interval = interval_of({});
      std::vector<double> values;
      if (cell) {
        for (auto const& name : measure.measures)
          if (interval = cells_.interval(*cell, name); interval.n > 0) break;
        values = cells_.values(*cell, measure.measures);
      }
      mean.x.push_back(swept_.x[v]);
      mean.y.push_back(interval.mean), mean.low.push_back(interval.low), mean.high.push_back(interval.high);
      mean.open.push_back(cell && !cells_.complete(*cell));
      if (values.size() < 2) continue;  // the mean itself
      for (double const value : values) singles.x.push_back(swept_.x[v]), singles.y.push_back(value);
    }
    return {std::move(mean), std::move(singles)};
  }

  FigureCells const& cells_;
  Facets facets_;
  SweptAxis swept_;
  bool ordered_ = false;
};

}  // namespace

std::vector<Sheet> sheets_against_axis(FigureCells const& cells, std::string const& name, std::string const& title,
                                       std::string const& what, std::vector<EffectMeasure> const& measures) {
  auto const& table = cells.table();
  if (table.axes.empty() || measures.empty()) return {};
  AxisPanels const panels(cells);
  if (panels.values() < 2) return {};
  auto const& facets = panels.facets();
  bool const alone = facets.curves.size() == 1;
  std::vector<Sheet> sheets;
  for (auto const& on_page : facets.pages) {
    plot::Page page{.name = name, .legend_title = alone ? "" : axis_words(table.axes[1])};
    std::size_t const across = facets.panels.size() > 1 ? facets.panels.size() : measures.size();
    page.width = across > 1 ? plot::two_columns : plot::one_column;
    page.columns = static_cast<int>(std::min<std::size_t>(across, 3));
    for (auto const& measure : measures)
      for (std::size_t p = 0; p < facets.panels.size(); ++p) {
        auto panel = panels.panel(measure, facets.panels[p], on_page);
        if (p > 0) panel.part += fmt::format("_{}", p + 1);
        if (!facets.panels[p].empty()) panel.title += (panel.title.empty() ? "" : ", ") + facets.panels[p];
        page.panels.push_back(std::move(panel));
      }
    page.notes = cells.notes(alone ? "Bars" : "Bands and bars");
    if (!alone && !cells.interval_words().empty()) page.notes.push_back("Small rings: single seeds.");
    std::string const at = on_page.empty() ? "" : ", " + on_page;
    sheets.push_back({.page = page,
                      .title = title + at,
                      .caption = fmt::format("{} against the {}{}. {}", what, brief_axis_words(table.axes.front()), at,
                                             fmt::join(page.notes, " "))});
  }
  number_pages(sheets);
  return sheets;
}

std::vector<Sheet> effect_sheets(FigureCells const& cells) {
  auto const& table = cells.table();
  std::vector<EffectMeasure> measures;
  if (has_measure(table, "excess_mse.h1")) {
    measures.push_back({.part = "excess_mse",
                        .title = "1 step ahead",
                        .ylabel = "MSE beyond the optimum",
                        .measures = {"excess_mse.h1"}});
    std::int64_t longest = 1;
    for (auto const& name : table.measures)
      if (auto const measure = describe(name); measure.base == "excess_mse")
        longest = std::max(longest, measure.horizon.value_or(1));
    if (longest > 1)
      measures.push_back({.part = "excess_mse_longest",
                          .title = fmt::format("{} steps ahead", longest),
                          .ylabel = "MSE beyond the optimum",
                          .measures = {fmt::format("excess_mse.h{}", longest)}});
  } else if (has_measure(table, "test_mse")) {
    measures.push_back({.part = "test_mse", .title = "Test error", .ylabel = "MSE", .measures = {"test_mse"}});
  }
  if (auto const last = last_layer_dimension(table)) {
    auto const layer = capitalized(layer_words(last->layer));
    measures.push_back(
        {.part = "dimension",
         .title = fmt::format("{} ({}, k = {})", layer, shown_estimator.label(), shown_k(table).substr(1)),
         .ylabel = "Intrinsic dimension",
         .measures = last->shown.measures});
  }
  std::vector<std::string> shown;
  if (has_measure(table, "excess_mse.h1")) shown.emplace_back("Test error beyond the Bayes optimum");
  else if (has_measure(table, "test_mse")) shown.emplace_back("Test error");
  if (last_layer_dimension(table)) shown.emplace_back("intrinsic dimension of the last layer");
  auto sheets = sheets_against_axis(cells, "sweep_summary", "Error and dimension",
                                    capitalized(fmt::format("{}", fmt::join(shown, " and "))), measures);
  if (auto const optimum = shared_optimum(table))
    for (auto& sheet : sheets) {
      auto const note = fmt::format("Bayes optimum, 1 step ahead: {:.4g}.", *optimum);
      sheet.page.notes.push_back(note);
      sheet.caption += " " + note;
    }
  return sheets;
}

}  // namespace mambasynth::analysis::collate
