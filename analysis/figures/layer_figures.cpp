#include "analysis/figures/layer_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "analysis/figures/palette.hpp"

namespace mambasynth::figures {
namespace {

using analysis::DimensionEstimates;
using analysis::Estimate;

constexpr char const* grey = "#777777";

/// "layer_3" as "3": the axis says what it is.
std::string short_name(std::string const& layer) {
  constexpr std::string_view prefix = "layer_";
  return layer.starts_with(prefix) ? layer.substr(prefix.size()) : layer;
}

/// One value a layer, with half the width of its band.
struct Curve {
  std::vector<double> value, half;
};

double half_width(Estimate const& e) {
  auto const error = std::isfinite(e.se_blocks) ? e.se_blocks : e.se;
  return std::isfinite(error) ? 2 * error : 0;
}

template <class OfLayer>
Curve curve_of(std::vector<DimensionEstimates> const& layers, OfLayer estimate) {
  Curve curve;
  for (auto const& layer : layers) {
    curve.value.push_back(estimate(layer).value);
    curve.half.push_back(half_width(estimate(layer)));
  }
  return curve;
}

Curve curve_of(std::vector<analysis::Scored> const& scores) {
  Curve curve;
  for (auto const& score : scores) {
    curve.value.push_back(score.value);
    curve.half.push_back(std::isfinite(score.se) ? 2 * score.se : 0);
  }
  return curve;
}

/// place, name, value, band's ends, for each layer.
std::string rows_of(std::vector<std::string> const& layers, Curve const& curve) {
  std::string rows = "# place layer value low high\n";
  for (std::size_t l = 0; l < curve.value.size(); ++l) {
    auto const v = curve.value[l];
    rows += std::isfinite(v) ? fmt::format("{} {} {:.6g} {:.6g} {:.6g}\n", l, short_name(layers[l]), v, v - curve.half[l], v + curve.half[l])
                             : fmt::format("{} {} NaN NaN NaN\n", l, short_name(layers[l]));
  }
  return rows;
}

/// Several curves over the layers in one panel.
class LayerPanel {
 public:
  LayerPanel(Figure& figure, std::vector<std::string> const& layers, std::string part) : figure_(figure), layers_(layers), part_(std::move(part)) {}

  void band(std::string const& name, Curve const& curve, std::int64_t colour, std::string const& title) {
    if (curve.value.empty()) return;
    auto const data = figure_.add_data(part_ + "_" + name, rows_of(layers_, curve));
    auto const shade = category_colour(colour, 10);
    add(fmt::format("\"{0}\" using 1:4:5 with filledcurves fillcolor rgb \"{1}\" fillstyle transparent solid 0.25 noborder notitle, "
                    "\"{0}\" using 1:3:xtic(2) with linespoints linecolor rgb \"{1}\" linewidth 2 pointtype 7 pointsize 0.7 title \"{2}\"",
                    data, shade, title));
  }
  void control(std::string const& name, Curve const& curve, int dash, std::string const& title) {
    if (curve.value.empty()) return;
    auto const data = figure_.add_data(part_ + "_" + name, rows_of(layers_, curve));
    add(fmt::format("\"{}\" using 1:3:xtic(2) with lines linecolor rgb \"{}\" linewidth 1.5 dashtype {} title \"{}\"", data, grey, dash, title));
  }
  void level(double value, int dash, std::string const& title) {
    if (std::isfinite(value)) add(fmt::format("{:.6g} with lines linecolor rgb \"{}\" linewidth 1 dashtype {} title \"{}\"", value, grey, dash, title));
  }
  [[nodiscard]] std::string commands(std::string const& title) const {
    auto const text = fmt::format("set title \"{}\"\nset xlabel \"layer\"\nset xrange [-0.3:{}]\n", title,
                                  static_cast<double>(layers_.size()) - 0.7);
    return plots_.empty() ? text + "plot -1 notitle\n" : text + "plot " + plots_ + "\n";
  }

 private:
  void add(std::string const& plot) { plots_ += (plots_.empty() ? "" : ", ") + plot; }

  Figure& figure_;
  std::vector<std::string> const& layers_;
  std::string part_, plots_;
};

/// The k measured that is nearest to the usual 30.
std::size_t shown_k(std::vector<std::int64_t> const& ks) {
  constexpr std::int64_t usual = 30;
  auto const nearest = std::min_element(ks.begin(), ks.end(), [](std::int64_t a, std::int64_t b) { return std::abs(a - usual) < std::abs(b - usual); });
  return static_cast<std::size_t>(nearest - ks.begin());
}

template <class OfSet>
std::string dimension_panel(Figure& figure, std::string const& part, std::string const& title, analysis::LayerMeasures const& measures,
                            analysis::Controls const& controls, OfSet estimate) {
  LayerPanel panel(figure, measures.layers, part);
  panel.band("trained", curve_of(measures.dimension, estimate), 0, "trained");
  panel.control("untrained", curve_of(controls.untrained.dimension, estimate), 2, "untrained");
  panel.control("shuffled", curve_of(controls.shuffled, estimate), 3, "shuffled features");
  if (controls.noise) panel.level(estimate(*controls.noise).value, 4, "pure noise");
  if (controls.signal) panel.level(estimate(*controls.signal).value, 5, "noise-free signal");
  return panel.commands(title);
}

std::string page(double left, double right) {
  return fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", left, right);
}

/// The score that a target's panel shows and its words.
std::string score_words(std::string const& name) {
  if (name == "r2") return "R^2";
  auto words = name;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

/// What the lines of the panels are, in a place of its own.
std::string legend() {
  return fmt::format(
      "unset title\nunset border\nunset tics\nunset xlabel\nunset ylabel\nset xrange [0:1]\nset yrange [0:1]\n"
      "set key center center Left reverse samplen 3\n"
      "plot NaN with linespoints linecolor rgb \"{}\" linewidth 2 pointtype 7 pointsize 0.7 title \"trained\", "
      "NaN with lines linecolor rgb \"{}\" linewidth 1.5 dashtype 2 title \"untrained\", "
      "NaN with lines linecolor rgb \"{}\" linewidth 1.5 dashtype 3 title \"shuffled targets\"\n",
      category_colour(0, 10), grey, grey);
}

std::string heat_map(Figure& figure, std::string const& part, std::vector<std::string> const& layers, std::vector<double> const& matrix,
                     std::string const& title, double colours_at) {
  std::string cells = "# other place value text_colour\n", ticks;
  constexpr double dark_from = 0.6;
  auto const n = layers.size();
  for (std::size_t i = 0; i < n; ++i) {
    ticks += fmt::format("{}\"{}\" {}", i == 0 ? "" : ", ", short_name(layers[i]), i);
    for (std::size_t j = 0; j < n; ++j) {
      auto const value = matrix[i * n + j];
      cells += fmt::format("{} {} {:.4f} {}\n", j, i, value, value > dark_from ? "0xffffff" : "0x000000");
    }
    cells += "\n";
  }
  auto const data = figure.add_data(part, cells);
  auto const last = static_cast<double>(n) - 0.5;
  constexpr std::size_t most_written = 12;
  auto text = fmt::format(
      "set title \"{}\"\nset xlabel \"layer\"\nset ylabel \"layer\" offset 1\n{}set cbrange [0:1]\nset xrange [-0.5:{}]\nset yrange [{}:-0.5]\n"
      "set xtics ({}) rotate by -40\nset ytics ({})\nset colorbox user origin screen {},0.2 size screen 0.012,0.68\n"
      "plot \"{}\" using 1:2:3 with image",
      title, sequential_palette(), last, last, ticks, ticks, colours_at, data);
  if (n <= most_written) text += fmt::format(", \"{}\" using 1:2:(sprintf(\"%.2f\", $3)):4 with labels textcolor rgb variable font \",9\"", data);
  return text + "\n";
}

}  // namespace

Outcome draw_dimension_by_layer(analysis::LayerMeasures const& measures, analysis::Controls const& controls, std::filesystem::path const& folder) {
  Figure figure("intrinsic_dimension", {1200, 460});
  auto const& ks = measures.dimension.front().k;
  std::string commands =
      "set multiplot\nset tics out nomirror\nset border 3\nset tmargin at screen 0.9\nset bmargin at screen 0.15\n"
      "set logscale y\nset yrange [0.8:*]\nset ytics (1, 2, 5, 10, 20, 50, 100, 200, 500)\n"
      "set ylabel \"intrinsic dimension\" offset 1\nset key off\n" + page(0.06, 0.4);
  auto const two_nn = [](DimensionEstimates const& set) { return set.two_nn_ml; };
  if (!ks.empty()) {
    auto const i = shown_k(ks);
    commands += dimension_panel(figure, "levina_bickel", fmt::format("Levina-Bickel (original form), k = {}", ks[i]), measures, controls,
                                [i](DimensionEstimates const& set) { return set.levina_bickel_original[i]; });
  }
  commands += page(0.47, 0.81) + "set key outside right center Left reverse samplen 2\n";
  commands += dimension_panel(figure, "two_nn", "TwoNN", measures, controls, two_nn) + "unset multiplot\n";
  figure.set_commands(commands);
  return figure.draw(folder);
}

Outcome draw_probes(std::vector<std::string> const& layers, std::vector<analysis::ProbeResult> const& probes, std::filesystem::path const& folder) {
  constexpr int columns = 3, panel_width = 430, panel_height = 360;
  auto const rows = (static_cast<int>(probes.size()) + columns - 1) / columns;
  Figure figure("probes", {columns * panel_width, std::max(rows, 1) * panel_height});
  bool const free_place = probes.size() % columns != 0;
  auto commands = fmt::format("set multiplot layout {},{}\nset tics out nomirror\nset border 3\nset ylabel offset 1\n", std::max(rows, 1), columns);
  for (std::size_t p = 0; p < probes.size(); ++p) {
    auto const& probe = probes[p];
    auto const& score = probe.scores.front();
    LayerPanel panel(figure, layers, probe.target);
    panel.band("trained", curve_of(score.trained), 0, "trained");
    panel.control("untrained", curve_of(score.untrained), 2, "untrained");
    panel.control("shuffled", curve_of(score.shuffled), 3, "shuffled targets");
    auto title = probe.target;
    std::replace(title.begin(), title.end(), '_', ' ');
    commands += fmt::format("set ylabel \"{}\"\nset yrange [{}:1]\n{}\n", score_words(score.name), score.name == "r2" ? "-0.1" : "0",
                            p == 0 && !free_place ? "set key bottom right opaque" : "unset key");
    commands += panel.commands(title);
  }
  if (free_place) commands += legend();
  figure.set_commands(commands + "unset multiplot\n");
  return figure.draw(folder);
}

Outcome draw_similarity(std::vector<std::string> const& layers, analysis::Similarity const& similarity, std::filesystem::path const& folder) {
  Figure figure("similarity", {1300, 560});
  std::string commands = "set multiplot\nset tics out nomirror\nunset key\nset tmargin at screen 0.9\nset bmargin at screen 0.18\n";
  if (!similarity.cka.empty())
    commands += page(0.06, 0.42) + heat_map(figure, "cka", layers, similarity.cka, "Debiased linear CKA", 0.435);
  if (!similarity.neighbour_overlap.empty())
    commands += page(0.56, 0.92) + heat_map(figure, "neighbours", layers, similarity.neighbour_overlap,
                                            fmt::format("Share of {} nearest neighbours in common", similarity.overlap_k), 0.935);
  figure.set_commands(commands + "unset multiplot\n");
  return figure.draw(folder);
}

}  // namespace mambasynth::figures
