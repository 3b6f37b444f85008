#include "dimension/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analysis/dimension/dimension_bar.hpp"
#include "analysis/plot/page.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/text.hpp"

namespace mambasynth::dimension {
namespace {

namespace plot = analysis::plot;
using namespace analysis::dimension;

constexpr char const* quantity = "Intrinsic dimension";

/// Estimators with a curve, forms of one family side by side, the one over distinct rows first.
std::vector<Estimator const*> drawn_estimators() {
  std::vector<Estimator const*> drawn;
  for (auto const* estimator : estimators)
    if (estimator->axis != Axis::none) drawn.push_back(estimator);
  auto const place = [](Estimator const* one) {
    auto const family =
        std::find_if(estimators.begin(), estimators.end(), [&](auto const* e) { return e->family == one->family; });
    return std::pair(family, one->all_rows);
  };
  std::stable_sort(drawn.begin(), drawn.end(), [&](auto const* a, auto const* b) { return place(a) < place(b); });
  return drawn;
}

plot::Series curve(std::string const& name, plot::LineStyle const& style, std::vector<double> const& x,
                   std::vector<Estimate> const& estimates) {
  plot::Series series{.name = name, .style = style, .x = x, .y = {}};
  for (auto const& estimate : estimates) {
    double const half = dimension_bar(estimate);
    series.y.push_back(estimate.value);
    series.low.push_back(estimate.value - half), series.high.push_back(estimate.value + half);
  }
  series.x.resize(series.y.size());
  return series;
}

plot::LineStyle style_of(std::size_t index, int point) { return {.color = plot::series_color(index), .point = point}; }

plot::Series line(std::string const& name, std::size_t dash, std::vector<double> x, std::vector<double> y) {
  return {.name = name, .style = plot::reference_style(dash), .x = std::move(x), .y = std::move(y)};
}

/// From 0, as dimensions are compared by their ratios, too.
plot::Axis from_zero(std::vector<plot::Series> const& all) {
  plot::Extent extent;
  extent.add(0);
  for (auto const& series : all) {
    extent.add(series.y);
    for (std::size_t i = 0; i < series.low.size(); ++i) extent.add_interval(series.low[i], series.high[i]);
  }
  return extent.axis(quantity, false, 0);
}

/// Around the finite values; of less than a factor of five, ticks of a logarithmic axis would be few.
plot::Axis around(std::string const& title, std::vector<double> values) {
  std::erase_if(values, [](double value) { return !(value > 0) || !std::isfinite(value); });
  if (values.empty()) return plot::number_axis(title, 0.1, 10, true);
  auto const [least, most] = std::minmax_element(values.begin(), values.end());
  constexpr double short_axis = 5;
  return plot::number_axis(title, *least / 1.2, *most * 1.2, *most / *least >= short_axis);
}

std::vector<double> places_of(Estimator const& estimator, DimensionEstimates const& all) {
  auto const& ranks = estimator.axis == Axis::k ? all.k : all.n1;
  std::vector<double> x(ranks.begin(), ranks.end());
  if (estimator.axis == Axis::n1)
    for (auto& n : x) n *= 2;  // the farther neighbor
  return x;
}

plot::Panel by_neighbors(dimension::Measured const& m) {
  plot::Panel panel{.part = "neighbors", .title = "By number of neighbors", .x = {}, .y = {}};
  std::vector<double> neighbors;
  for (auto const* estimator : drawn_estimators()) {
    auto const x = places_of(*estimator, m.all);
    neighbors.insert(neighbors.end(), x.begin(), x.end());
    panel.series.push_back(
        curve(estimator->label(), style_of(panel.series.size(), estimator->marker), x, m.all[*estimator]));
  }
  panel.x = around("Neighbors", neighbors);
  panel.y = from_zero(panel.series);
  panel.references.push_back(plot::level(fmt::format("{}-D space", m.dims), panel.x, static_cast<double>(m.dims)));
  return panel;
}

plot::Panel by_distance(dimension::Measured const& m) {
  auto const unit = m.noise_distance() > 0 ? m.noise_distance() : 1;
  auto distance = m.all.distance_n1;
  for (auto& value : distance) value /= unit;
  plot::Panel panel{.part = "distance", .title = "Gride by distance", .x = {}, .y = {}};
  auto const drawn = drawn_estimators();
  auto const index = static_cast<std::size_t>(std::find(drawn.begin(), drawn.end(), &gride) - drawn.begin());
  panel.series.push_back(curve(gride.label(), style_of(index, gride.marker), distance, m.all[gride]));
  auto shown = panel.series.back().x;
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (!std::isfinite(panel.series.back().y[i])) shown[i] = 0;
  if (m.noise > 0) shown.push_back(1);
  panel.x = around(m.noise > 0 ? "Mean distance / (noise √2D)" : "Mean distance", shown);
  panel.y = from_zero(panel.series);
  if (m.all.plateau) {
    auto const& p = *m.all.plateau;
    panel.series.push_back(
        line(fmt::format("Plateau at {:.2f}", p.value), 0, {distance[p.first], distance[p.last]}, {p.value, p.value}));
    panel.series.back().style.color = plot::ink;
  }
  if (m.noise > 0) {
    panel.series.push_back(line("Distance of the noise", 1, {1, 1}, {panel.y.low, panel.y.high}));
  }
  return panel;
}

/// Marks of one label stand side by side; with very many labels there is no room for that.
plot::Panel by_group(dimension::Measured const& m) {
  std::string const word = m.labels_name == "circle_id" ? "circle" : "label";
  std::vector<std::string> labels;
  for (auto const& group : m.groups) labels.push_back(fmt::format("{}", group.label));
  plot::Panel panel{.part = "groups",
                    .title = levina_bickel.label() + ", by " + word,
                    .x = plot::named_axis(word == "circle" ? "Circle" : "Label", labels),
                    .y = {}};
  auto const& ks = m.all.k;
  for (std::size_t i = 0; i < ks.size(); ++i) {
    plot::Series series{
        .name = fmt::format("k = {}", ks[i]), .style = plot::ordered_style(i, ks.size()), .x = {}, .y = {}};
    series.joined = false;
    constexpr double apart = 1.2;  // millimeters
    constexpr std::size_t most_side_by_side = 12;
    if (labels.size() <= most_side_by_side)
      series.aside = apart * (0.5 * static_cast<double>(ks.size() - 1) - static_cast<double>(i));
    for (std::size_t g = 0; g < m.groups.size(); ++g) {
      auto const& e = m.groups[g].estimates;
      if (i >= e.k.size()) continue;
      double const value = e[levina_bickel][i].value, half = dimension_bar(e[levina_bickel][i]);
      series.x.push_back(static_cast<double>(g)), series.y.push_back(value);
      series.low.push_back(value - half), series.high.push_back(value + half);
    }
    panel.series.push_back(std::move(series));
  }
  panel.y = from_zero(panel.series);
  return panel;
}

}  // namespace

void draw_dimension(dimension::Measured const& measured, std::filesystem::path const& folder) {
  plot::Page page{.name = "dimension_estimates", .width = plot::two_columns, .columns = 2, .panel_height = 50};
  page.panels = {by_neighbors(measured), by_distance(measured)};
  if (!measured.groups.empty() && !measured.all.k.empty()) page.panels.push_back(by_group(measured));
  page.notes = {fmt::format("Bars: two standard errors over stretches of time, where they are known; {} points.",
                            plot::count_text(static_cast<std::size_t>(measured.points)))};
  plot::draw_page(page, folder);
}

}  // namespace mambasynth::dimension
