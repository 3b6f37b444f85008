#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "analysis/plot/gnuplot.hpp"
#include "model/predictor.hpp"
#include "trial/data.hpp"

namespace mambasynth::trial {

/// next_prediction_0, _1, _2: predictions of head 1 on the windows that the original draws,
/// default_rng(42).choice(windows, 3) of all windows of the series at multiples of `stride`, whatever the split.
void draw_predictions(model::Predictor const& network, TrialData const& data, std::int64_t stride,
                      std::filesystem::path const& folder);

/// training_loss, of the folder's trial.h5, and next_prediction_*, of its checkpoint.pt. Returns a note for the
/// user if they could not be drawn, otherwise nothing: a finished trial is complete without its figures.
std::string draw_trial(config::Trial const& trial, TrialData const& data, std::string const& device,
                       std::filesystem::path const& folder);

}  // namespace mambasynth::trial
