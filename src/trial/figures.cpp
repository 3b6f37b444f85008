#include "trial/figures.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "analysis/trial_file/trial_history.hpp"
#include "analysis/trial_file/trial_summary.hpp"
#include "backend/backend.hpp"
#include "model/state_dict.hpp"
#include "random/numpy_generator.hpp"
#include "series/windows.hpp"
#include "train/log.hpp"
#include "trial/pipeline.hpp"
#include "trial/training_figures.hpp"

namespace mambasynth::trial {
namespace {

/// Mean over horizons, as for the losses; NaN without horizons.
double mean_over_horizons(analysis::trial_file::TrialSummary const& trial, std::string_view measure) {
  double sum = 0;
  std::int64_t count = 0;
  for (auto const& [name, value] : trial.measures)
    if (name.size() > measure.size() + 1 && name.starts_with(measure) && name.substr(measure.size(), 2) == ".h")
      sum += value, ++count;
  return count > 0 ? sum / static_cast<double>(count) : std::nan("");
}

void draw_loss(std::filesystem::path const& folder) {
  auto const summary = analysis::trial_file::read_trial(folder / result_name);
  auto const history = analysis::trial_file::read_history(folder / result_name,
                                                          {"train_mse", "train_eval_mse", "val_mse", "test_mse", "lr"});
  draw_training_loss({.epoch = history.epoch,
                      .train = history["train_mse"],
                      .train_eval = history["train_eval_mse"],
                      .validation = history["val_mse"],
                      .test = history["test_mse"],
                      .learning_rate = history["lr"],
                      .bayes_test = mean_over_horizons(summary, "bayes_mse"),
                      .bayes_validation = mean_over_horizons(summary, "val_bayes_mse")},
                     folder);
}

std::span<float const> values_of(at::Tensor const& contiguous) {
  return {contiguous.const_data_ptr<float>(), static_cast<std::size_t>(contiguous.numel())};
}

}  // namespace

void draw_predictions(model::Predictor const& network, TrialData const& data, std::int64_t stride,
                      std::filesystem::path const& folder) {
  constexpr std::uint64_t seed = 42;
  constexpr std::int64_t drawn = 3;
  auto const& series = data.splits.train.series;
  auto const length = data.splits.train.length;
  auto const starts = series::window_starts(data.steps(), length, stride);
  auto const windows = static_cast<std::int64_t>(starts.size());
  auto const chosen = random::NumpyGenerator(seed).choice(windows, std::min(drawn, windows));
  auto const circles = data.circle.empty() ? 0 : *std::max_element(data.circle.begin(), data.circle.end()) + 1;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    auto const start = starts[static_cast<std::size_t>(chosen[i])];
    auto const x = series.narrow(0, start, length);
    auto const in_its_units = [&](at::Tensor const& values) {
      auto copy = values.to(at::kFloat).contiguous().clone();
      data.scaling.undo({copy.mutable_data_ptr<float>(), static_cast<std::size_t>(copy.numel())});
      return copy;
    };
    auto const prediction = in_its_units(network.predict(x.unsqueeze(0)).front()[0].narrow(0, 0, length - 1));
    auto const truth = in_its_units(x.narrow(0, 1, length - 1));
    WindowPrediction window{.number = static_cast<std::int64_t>(i),
                            .channels = x.size(1),
                            .start = start + 1,
                            .truth = values_of(truth),
                            .prediction = values_of(prediction),
                            .circle = {},
                            .circles = circles,
                            .sampling_rate = data.data.sampling_rate,
                            .labels = data.labels(),
                            .standardized = !data.scaling.empty()};
    if (circles > 0)
      window.circle =
          std::span(data.circle).subspan(static_cast<std::size_t>(start + 1), static_cast<std::size_t>(length - 1));
    draw_next_prediction(window, folder);
  }
}

std::string draw_trial(config::Trial const& trial, TrialData const& data, std::string const& device,
                       std::filesystem::path const& folder) {
  try {
    draw_loss(folder);
    model::Network network(trial.model, data.splits.train.series.size(1));
    auto const best = folder / train::checkpoint_name;
    model::load_state(network, model::read_weights(best).weights, best.string());
    draw_predictions(*backend::predictor(device, network), data, trial.train.stride, folder);
    return {};
  } catch (std::exception const& error) {
    return std::string("note: not all figures were drawn: ") + error.what();
  }
}

}  // namespace mambasynth::trial
