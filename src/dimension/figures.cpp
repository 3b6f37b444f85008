#include "dimension/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analysis/dimension/dimension_bar.hpp"
#include "analysis/plot/palette.hpp"

namespace mambasynth::dimension {
namespace {

using namespace analysis::dimension;

/// x, estimate, two errors; omits entries without a value.
std::string curve(std::vector<double> const& x, std::vector<Estimate> const& estimates) {
  std::string rows = "# x dimension two_errors\n";
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::isfinite(estimates[i].value))
      rows += fmt::format("{:.6g} {:.6g} {:.6g}\n", x[i], estimates[i].value, dimension_bar(estimates[i]));
  return rows;
}

std::vector<double> as_double(std::vector<std::int64_t> const& values) { return {values.begin(), values.end()}; }

/// The highest end of a bar, 0 if no estimate is defined.
double top_of(std::vector<Estimate> const& curve) {
  double most = 0;
  for (auto const& e : curve)
    if (std::isfinite(e.value)) most = std::max(most, e.value + dimension_bar(e));
  return most;
}
/// The top of an axis: 1 if there is nothing to show.
double axis_top(double most) { return most > 0 ? most : 1; }

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

bool empty(std::string const& rows) { return std::count(rows.begin(), rows.end(), '\n') < 2; }

/// One series of points with error bars and a line through them.
std::string plotted(std::string const& data, std::int64_t color, int point, std::string const& title) {
  return fmt::format(
      "\"{0}\" using 1:2:3 with yerrorbars linecolor rgb \"{1}\" pointtype {2} pointsize 0.9 title \"{3}\", "
      "\"{0}\" using 1:2 with lines linecolor rgb \"{1}\" notitle",
      data, analysis::plot::category_color(color, std::max<std::int64_t>(color + 1, 6)), point, title);
}

std::string panel(double left, double right, std::string const& title, std::string const& x) {
  return fmt::format("set lmargin at screen {}\nset rmargin at screen {}\nset title \"{}\"\nset xlabel \"{}\"\n", left,
                     right, title, x);
}

std::string by_neighbors(analysis::plot::Figure& figure, dimension::Measured const& m, double left, double right) {
  auto const& all = m.all;
  std::vector<std::string> plots;
  double most = 0;
  for (auto const* estimator : drawn_estimators()) {
    auto x = as_double(estimator->axis == Axis::k ? all.k : all.n1);
    if (estimator->axis == Axis::n1)
      for (auto& n : x) n *= 2;  // the farther neighbor
    auto const& estimates = all[*estimator];
    auto const rows = curve(x, estimates);
    auto const name = figure.add_data(std::string(estimator->name), rows);
    if (!empty(rows))
      plots.push_back(plotted(name, static_cast<std::int64_t>(plots.size()), estimator->marker, estimator->label()));
    most = std::max(most, top_of(estimates));
  }
  most = axis_top(most);
  auto const dims = static_cast<double>(m.dims);
  auto const top =
      1.15 * std::max({most, 2.2, dims < 2 * most ? dims : 0.0});  // if it were higher, its line would flatten the rest
  auto text =
      panel(left, right, "Dimension by number of neighbors", "neighbors") +
      fmt::format(
          "set logscale x\nset xrange [1:*]\nset yrange [0:{1:.6g}]\nset key top right opaque\nset ylabel \"intrinsic "
          "dimension\" offset 1\n"
          "set arrow 1 from graph 0,first 2 to graph 1,first 2 nohead dashtype 3 linecolor rgb \"#888888\"\n"
          "set arrow 2 from graph 0,first {0} to graph 1,first {0} nohead dashtype 2 linecolor rgb \"#888888\"\n",
          m.dims, top);
  if (plots.empty()) return text + "plot -1 notitle\nunset arrow\n";
  text += "plot ";
  for (std::size_t i = 0; i < plots.size(); ++i) text += (i > 0 ? ", " : "") + plots[i];
  return text + "\nunset arrow\n";
}

std::string by_distance(analysis::plot::Figure& figure, dimension::Measured const& m, double left, double right) {
  auto const& all = m.all;
  auto const unit = m.noise_distance() > 0 ? m.noise_distance() : 1;
  auto distance = all.distance_n1;
  for (auto& value : distance) value /= unit;
  auto const rows = curve(distance, all[gride]);
  auto const data = figure.add_data("gride_by_distance", rows);
  auto text = panel(left, right, "Gride by distance", m.noise > 0 ? "mean distance / (noise √2D)" : "mean distance") +
              "unset ylabel\nunset key\n";
  std::vector<double> shown;
  for (std::size_t i = 0; i < distance.size(); ++i)
    if (std::isfinite(all[gride][i].value)) shown.push_back(distance[i]);
  if (m.noise > 0) shown.push_back(1);
  if (!shown.empty()) {
    auto const [least, most] = std::minmax_element(shown.begin(), shown.end());
    // Ticks only at powers of ten would leave a short axis without numbers.
    constexpr double short_axis = 5, few_doublings = 200;
    if (*most / *least < few_doublings)
      text += *most / *least < short_axis ? "unset logscale x\n" : "set logscale x 2\n";
    text += fmt::format("set xrange [{:.6g}:{:.6g}]\nset yrange [0:{:.6g}]\n", *least / 1.2, *most * 1.2,
                        1.15 * axis_top(top_of(all[gride])));
  }
  if (m.noise > 0)
    text += "set arrow 1 from first 1,graph 0 to first 1,graph 1 nohead dashtype 2 linecolor rgb \"#888888\"\n";
  if (all.plateau) {
    auto const& p = *all.plateau;
    text += fmt::format(
        "set object 1 rectangle from first {:.6g},graph 0 to first {:.6g},graph 1 behind fillcolor rgb \"#eeeeee\" "
        "fillstyle solid noborder\n"
        "set label 1 \"plateau {:.2f}\" at first {:.6g},graph 0.96 center\n",
        distance[p.first], distance[p.last], p.value, std::sqrt(distance[p.first] * distance[p.last]));
  }
  text += empty(rows) ? "set xrange [0.1:10]\nset yrange [0:1]\nplot -1 notitle\n"
                      : "plot " + plotted(data, 3, 5, "") + "\n";
  return text + "unset arrow\nunset object\nunset label\nset key\nunset logscale x\n";
}

std::string by_group(analysis::plot::Figure& figure, dimension::Measured const& m, double left, double right) {
  auto const& ks = m.all.k;
  std::string rows = "# place label";
  for (auto const k : ks) rows += fmt::format(" k_{0} two_errors_{0}", k);
  rows += "\n";
  for (std::size_t g = 0; g < m.groups.size(); ++g) {
    auto const& e = m.groups[g].estimates;
    rows += fmt::format("{} {}", g, m.groups[g].label);
    for (std::size_t i = 0; i < ks.size(); ++i)
      rows += i < e.k.size() && std::isfinite(e[levina_bickel][i].value)
                  ? fmt::format(" {:.6g} {:.6g}", e[levina_bickel][i].value, dimension_bar(e[levina_bickel][i]))
                  : std::string(" NaN NaN");
    rows += "\n";
  }
  auto const data = figure.add_data("groups", rows);
  double most = 0;
  for (auto const& group : m.groups) most = std::max(most, top_of(group.estimates[levina_bickel]));
  auto const groups = static_cast<double>(m.groups.size());
  std::string const word = m.labels_name == "circle_id" ? "circle" : "label";
  auto text = panel(left, right, "Levina-Bickel by " + word, word) +
              fmt::format("set yrange [0:{:.6g}]\nset style fill solid noborder\nset key top right horizontal\n",
                          1.2 * axis_top(most));
  auto const width = 0.8 / static_cast<double>(std::max<std::size_t>(ks.size(), 1));
  constexpr std::size_t most_bars = 40;
  bool const as_bars = m.groups.size() <= most_bars;
  text += as_bars ? fmt::format("set xrange [-0.6:{}]\n", groups - 0.4) : std::string("set xrange [*:*]\n");
  for (std::size_t i = 0; i < ks.size(); ++i) {
    auto const column = 3 + 2 * i;
    auto const color = analysis::plot::category_color(static_cast<std::int64_t>(i),
                                                      std::max<std::int64_t>(static_cast<std::int64_t>(ks.size()), 3));
    text += i == 0 ? "plot " : ", ";
    if (!as_bars) {
      text +=
          fmt::format("\"{}\" using 2:{} with points linecolor rgb \"{}\" pointtype 7 pointsize 0.4 title \"k = {}\"",
                      data, column, color, ks[i]);
      continue;
    }
    auto const shift = (static_cast<double>(i) - (static_cast<double>(ks.size()) - 1) / 2) * width;
    text +=
        fmt::format("\"{0}\" using ($1+{1:.4f}):{2}:({3:.4f}){4} with boxes linecolor rgb \"{5}\" title \"k = {6}\"",
                    data, shift, column, width, i == 0 ? ":xtic(2)" : "", color, ks[i]);
    text += fmt::format(
        ", \"{0}\" using ($1+{1:.4f}):(${2}-${3}):(0):(2*${3}) with vectors nohead linecolor rgb \"#444444\" notitle",
        data, shift, column, column + 1);
  }
  return ks.empty() ? std::string() : text + "\n";
}

}  // namespace

void draw_dimension(dimension::Measured const& measured, std::filesystem::path const& folder) {
  bool const grouped = !measured.groups.empty();
  analysis::plot::Figure figure("dimension_estimates", {grouped ? 1600 : 1100, 480});
  double const third = grouped ? 0.33 : 0.5;
  std::string commands =
      "set multiplot\nset tics out nomirror\nset border 3\nset tmargin at screen 0.9\nset bmargin at screen 0.14\n";
  commands += by_neighbors(figure, measured, grouped ? 0.05 : 0.07, third - 0.015);
  commands += by_distance(figure, measured, third + 0.03, 2 * third - 0.015);
  if (grouped) commands += by_group(figure, measured, 2 * third + 0.04, 0.99);
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace mambasynth::dimension
