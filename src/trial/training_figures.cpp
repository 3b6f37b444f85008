#include "trial/training_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "analysis/document/rounding.hpp"
#include "analysis/plot/page.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::trial {
namespace {

bool known(std::span<double const> values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

analysis::plot::Series series_of(std::string const& name, std::span<std::int64_t const> epoch,
                                 std::span<double const> values, std::size_t style) {
  analysis::plot::Series series{.name = name, .style = analysis::plot::category_style(style), .x = {}, .y = {}};
  series.style.point = 0;
  for (std::size_t i = 0; i < epoch.size(); ++i) {
    series.x.push_back(static_cast<double>(epoch[i]));
    series.y.push_back(values[i] > 0 ? values[i] : std::nan(""));
  }
  return series;
}

/// The test loss, which only some epochs have: at most so many points.
analysis::plot::Series tested(std::span<std::int64_t const> epoch, std::span<double const> values) {
  constexpr std::size_t most_points = 30;
  auto const style = analysis::plot::category_style(3);
  analysis::plot::Series series{
      .name = "Test", .style = {.color = style.color, .point = style.point, .width = 0}, .x = {}, .y = {}};
  series.joined = false;
  std::size_t count = 0, number = 0;
  for (double const value : values)
    if (value > 0) ++count;
  auto const stride = (count + most_points - 1) / most_points;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > 0 && number++ % stride == 0)
      series.x.push_back(static_cast<double>(epoch[i])), series.y.push_back(values[i]);
  return series;
}

}  // namespace

void draw_training_loss(LossCurves const& c, std::filesystem::path const& folder) {
  namespace plot = analysis::plot;
  auto const first = static_cast<double>(c.epoch.empty() ? 0 : c.epoch.front()),
             last = static_cast<double>(c.epoch.empty() ? 1 : c.epoch.back());
  auto const epochs = plot::whole_axis("Epoch", first, std::max(last, first + 1));
  plot::Page page{.name = "training_loss", .panel_height = 48};
  plot::Panel loss{.part = "loss", .title = "", .x = epochs, .y = {}};
  if (known(c.train)) loss.series.push_back(series_of("Training, dropout on", c.epoch, c.train, 4));
  if (known(c.train_eval)) loss.series.push_back(series_of("Training, dropout off", c.epoch, c.train_eval, 2));
  if (known(c.validation)) loss.series.push_back(series_of("Validation", c.epoch, c.validation, 1));
  if (known(c.test)) loss.series.push_back(tested(c.epoch, c.test));
  std::vector<double> values;
  for (auto const& series : loss.series) values.insert(values.end(), series.y.begin(), series.y.end());
  double least = std::numeric_limits<double>::infinity();
  for (double const optimum : {c.bayes_test, c.bayes_validation})
    if (optimum > 0) least = std::min(least, optimum);
  auto [axis, cut] = plot::late_axis("Loss (MSE, mean over horizons)", values, least);
  loss.y = std::move(axis);
  if (c.bayes_test > 0) loss.references.push_back(plot::level("Bayes, test", epochs, c.bayes_test, 0));
  if (c.bayes_validation > 0) loss.references.push_back(plot::level("Bayes, val.", epochs, c.bayes_validation, 1));
  page.panels.push_back(std::move(loss));
  if (known(c.learning_rate)) {
    plot::Panel rate{.part = "rate", .title = "", .x = epochs, .y = {}};
    rate.series.push_back(series_of("Learning rate", c.epoch, c.learning_rate, 6));
    rate.series.back().in_legend = false;
    plot::Extent extent;
    extent.add(0);
    extent.add(rate.series.back().y);
    rate.y = extent.axis("Learning rate", false, 0);
    rate.height = 18;
    page.panels.push_back(std::move(rate));
  }
  page.notes = {fmt::format("One training run of {} epochs; no intervals.", c.epoch.size())};
  if (std::isfinite(least)) page.notes.emplace_back("Bayes: the lowest loss that any predictor can reach.");
  if (cut) page.notes.emplace_back("The first epochs lie above the scale.");
  plot::draw_page(page, folder);
}

void draw_next_prediction(WindowPrediction const& w, std::filesystem::path const& folder) {
  namespace plot = analysis::plot;
  auto const steps = static_cast<std::int64_t>(w.truth.size()) / w.channels;
  std::vector<float> error(w.prediction.begin(), w.prediction.end());
  double squares = 0;
  for (std::size_t i = 0; i < error.size(); ++i) {
    error[i] -= w.truth[i];
    squares += static_cast<double>(error[i]) * static_cast<double>(error[i]);
  }
  auto const largest = plot::largest_magnitude(w.truth);
  auto const common = plot::symmetric_range(largest);

  plot::Figure figure(fmt::format("next_prediction_{}", w.number), {});
  plot::WindowPage page(w.start, w.start + steps, w.sampling_rate);
  page.strip(w.circle.empty() ? plot::title_of_absence(w.labels) : plot::title_of(w.labels),
             figure.add_data("circles", plot::circle_runs(w.circle, w.circles, w.start, steps)));
  auto const heat = [&](std::string const& title, std::string const& part, std::span<float const> values,
                        std::string const& range, std::string const& quantity) {
    page.heat({.title = title,
               .ylabel = "Channel",
               .rows = figure.add_data(part, plot::heat_rows(values, w.channels)),
               .count = w.channels,
               .palette = plot::diverging_palette(),
               .range = range,
               .quantity = quantity});
  };
  heat("Series, x[t]", "truth", w.truth, common, "x");
  heat("Prediction from the steps before t", "prediction", w.prediction, common, "x");
  auto const mse = error.empty() ? 0.0 : squares / static_cast<double>(error.size());
  heat("Error, MSE " + analysis::document::decimal_text(mse, 4), "error", error,
       plot::symmetric_range(plot::largest_magnitude(error), largest), "Error");
  page.circles(w.circle, w.circles, w.labels);
  page.draw(figure,
            {fmt::format("One window of {} steps of the series; no intervals. MSE over its steps and channels{}. The "
                         "error has a color scale of its own.",
                         steps, w.standardized ? ", in the recording's own unit, squared" : "")},
            folder);
}

}  // namespace mambasynth::trial
