#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/labels.hpp"

namespace mambasynth::trial {

/// (epoch); NaN if an epoch was not measured.
struct LossCurves {
  std::span<std::int64_t const> epoch;
  std::span<double const> train, train_eval, validation, test, learning_rate;
  /// The lowest loss that any predictor can reach on the test and on the validation windows; NaN if unknown.
  double bayes_test = std::numeric_limits<double>::quiet_NaN(),
         bayes_validation = std::numeric_limits<double>::quiet_NaN();
};

/// Draws training_loss: the known curves beside the lowest loss that any predictor can reach, on a scale that shows
/// their ends rather than their start; the learning rate in a panel of its own below.
void draw_training_loss(LossCurves const& curves, std::filesystem::path const& folder);

/// One window and its prediction; arrays (step, channel), all of the same steps.
struct WindowPrediction {
  std::int64_t number = 0, channels = 0;
  std::int64_t start = 0;  ///< of the series, first of the steps
  std::span<float const> truth, prediction;
  std::span<std::int64_t const> circle;  ///< of each step, or empty
  std::int64_t circles = 0;
  double sampling_rate = 0;  ///< Hz, for a time axis in seconds; 0: in steps
  analysis::plot::Labels labels = analysis::plot::Labels::circles;
  bool standardized = false;  ///< losses have another unit than the steps shown here
};

/// Draws next_prediction_<number>: circles, truth, prediction, and the error on its own scale.
void draw_next_prediction(WindowPrediction const& window, std::filesystem::path const& folder);

}  // namespace mambasynth::trial
