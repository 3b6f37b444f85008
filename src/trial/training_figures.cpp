#include "trial/training_figures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/ticks.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::trial {
namespace {

bool known(std::span<double const> values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

std::string rows_of(LossCurves const& c) {
  std::string rows = "# epoch train train_eval validation test learning_rate\n";
  auto const at = [](std::span<double const> values, std::size_t i) {
    return values.empty() ? std::nan("") : values[i];
  };
  for (std::size_t i = 0; i < c.epoch.size(); ++i)
    rows += fmt::format("{} {:.8g} {:.8g} {:.8g} {:.8g} {:.8g}\n", c.epoch[i], at(c.train, i), at(c.train_eval, i),
                        at(c.validation, i), at(c.test, i), at(c.learning_rate, i));
  return rows;
}

/// One row per measurement of a loss that only some epochs have.
std::string measured(std::span<std::int64_t const> epoch, std::span<double const> values) {
  std::string rows = "# epoch loss\n";
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::isfinite(values[i])) rows += fmt::format("{} {:.8g}\n", epoch[i], values[i]);
  return rows;
}

}  // namespace

void draw_training_loss(LossCurves const& c, std::filesystem::path const& folder) {
  constexpr int width = 480, left = 52, right = 96, above = 16, panel = 240, below = 54;
  analysis::plot::Figure figure("training_loss", {width, 0});
  auto const data = figure.add_data("history", rows_of(c));
  std::vector<analysis::plot::LegendEntry> entries;
  std::vector<std::string> plots;
  double low = INFINITY, high = 0;
  auto const widen = [&](double value) {
    if (std::isfinite(value) && value > 0) low = std::min(low, value), high = std::max(high, value);
  };
  auto const line = [&](std::span<double const> values, int column, std::string const& name,
                        analysis::plot::LineStyle const& style) {
    if (!known(values)) return;
    for (double const value : values) widen(value);
    entries.push_back({name, style});
    plots.push_back(fmt::format("\"{}\" using 1:{} with lines {}", data, column, analysis::plot::line_words(style)));
  };
  auto const level = [&](double value, std::string const& name, analysis::plot::LineStyle const& style) {
    if (!(value > 0)) return;
    widen(value);
    entries.push_back({fmt::format("{}: {:.4g}", name, value), style});
    plots.push_back(fmt::format("{:.8g} with lines {}", value, analysis::plot::line_words(style)));
  };
  if (known(c.learning_rate)) {
    analysis::plot::LineStyle const rate{.color = "#999999", .width = 1.2};
    plots.push_back(fmt::format("\"{}\" using 1:6 axes x1y2 with lines {}", data, analysis::plot::line_words(rate)));
    entries.push_back({"learning rate", rate});
  }
  line(c.train, 2, "training, dropout on", {.color = analysis::plot::category_color(1, 10)});
  line(c.train_eval, 3, "training, dropout off", {.color = analysis::plot::category_color(0, 10)});
  line(c.validation, 4, "validation", {.color = analysis::plot::category_color(6, 10), .dash = 2});
  if (known(c.test)) {
    for (double const value : c.test) widen(value);
    constexpr std::int64_t most_markers = 30;
    auto const rows = measured(c.epoch, c.test);
    auto const file = figure.add_data("test", rows);
    analysis::plot::LineStyle const markers{.color = analysis::plot::category_color(3, 10), .point = 7, .width = 0};
    plots.push_back(fmt::format("\"{}\" every {} using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb \"{}\"",
                                file, 1 + std::count(rows.begin(), rows.end(), '\n') / most_markers, markers.color));
    entries.push_back({"test", markers});
  }
  level(c.bayes_test, "Bayes, test", {.color = "#333333", .dash = 3});
  level(c.bayes_validation, "Bayes, validation", {.color = analysis::plot::category_color(6, 10), .dash = 3});

  if (low > high) low = 1, high = 10;
  low /= 1.04, high *= 1.04;
  analysis::plot::Legend const legend("", entries, width);
  int const height = above + panel + below + legend.height();
  figure.set_size({width, height});
  auto const first = c.epoch.empty() ? 0 : c.epoch.front(), last = c.epoch.empty() ? 1 : c.epoch.back();
  // Placed explicitly: next to tick labels this long, gnuplot would put the titles off the page.
  auto const axis_title = [&](char const* title, int x) {
    return fmt::format("set label \"{}\" at screen {:.4f},{:.4f} center rotate\n", title,
                       static_cast<double>(x) / width, 1 - (above + panel / 2.0) / height);
  };
  figure.set_commands(fmt::format(
      "unset key\nset tics out nomirror\nset border 11\nset grid ytics linetype 1 linecolor rgb \"#dddddd\"\n"
      "set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\nset tmargin at screen {:.4f}\nset bmargin at screen "
      "{:.4f}\n"
      "set xrange [{}:{}]\nset xlabel \"epoch\"\nset logscale y\nset yrange [{:.6g}:{:.6g}]\nset ytics {}\n"
      "set y2range [0:*]\nset y2tics autofreq\nset format y2 \"%g\"\n{}{}{}plot {}\n",
      static_cast<double>(left) / width, 1 - static_cast<double>(right) / width,
      1 - static_cast<double>(above) / height, 1 - static_cast<double>(above + panel) / height, first,
      std::max(last, first + 1), low, high, analysis::plot::log_ticks(low, high), axis_title("loss (MSE)", 12),
      axis_title("learning rate", width - 9), legend.commands(height),
      plots.empty() ? "NaN" : fmt::format("{}", fmt::join(plots, ", \\\n  "))));
  figure.draw(folder);
}

void draw_next_prediction(WindowPrediction const& w, std::filesystem::path const& folder) {
  constexpr double least_scale = 1e-6;
  constexpr int width = 480, panel = 120, below = 60;
  constexpr int height = analysis::plot::WindowPage::between + analysis::plot::WindowPage::strip_height +
                         3 * (analysis::plot::WindowPage::between + panel) + below;
  auto const steps = static_cast<std::int64_t>(w.truth.size()) / w.channels;
  std::vector<float> error(w.prediction.begin(), w.prediction.end());
  double squares = 0;
  for (std::size_t i = 0; i < error.size(); ++i) {
    error[i] -= w.truth[i];
    squares += static_cast<double>(error[i]) * static_cast<double>(error[i]);
  }
  auto const common = analysis::plot::symmetric_range(analysis::plot::largest_magnitude(w.truth), least_scale);

  analysis::plot::Figure figure(fmt::format("next_prediction_{}", w.number), {width, height});
  analysis::plot::WindowPage page(w.start, w.start + steps, height,
                                  {.left = 0.13, .right = 0.83, .scale_at = 0.85, .scale_width = 0.025});
  page.strip(w.circle.empty() ? "Circles unknown" : "Circle",
             figure.add_data("circles", analysis::plot::circle_runs(w.circle, w.circles, w.start, steps)));
  auto const heat = [&](std::string const& title, std::string const& part, std::span<float const> values,
                        std::string const& range, bool lowest) {
    page.heat(title, "channel", figure.add_data(part, analysis::plot::heat_rows(values, w.channels)), w.channels,
              analysis::plot::diverging_palette(), range, panel, lowest);
  };
  heat("Series, x[t]", "truth", w.truth, common, false);
  heat("Prediction from the steps before t", "prediction", w.prediction, common, false);
  heat(fmt::format("Error, MSE {:.4f}", error.empty() ? 0.0 : squares / static_cast<double>(error.size())), "error",
       error, analysis::plot::symmetric_range(analysis::plot::largest_magnitude(error), least_scale), true);
  figure.set_commands(page.end());
  figure.draw(folder);
}

}  // namespace mambasynth::trial
