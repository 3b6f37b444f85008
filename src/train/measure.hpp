#pragma once

#include <cstdint>
#include <vector>

#include "model/predictor.hpp"
#include "parallel/group.hpp"
#include "train/windows.hpp"

/// Mean squared errors in evaluation mode, whatever loss a training minimizes. Ranks of a `group` share the batches;
/// all get the same numbers as a single rank would.
namespace mambasynth::train {

/// The original's epoch metric: the multi-horizon loss of each batch of `batch_size` windows, averaged over batches
/// without weights. `micro_batch`: windows in one forward pass; 0: a batch.
double mean_batch_loss(model::Predictor const& network, Windows const& windows, std::int64_t batch_size,
                       std::vector<std::int64_t> const& order = {}, parallel::Group* group = nullptr,
                       std::int64_t micro_batch = 0);

/// Mean squared error per horizon over all windows, each element counted once.
std::vector<double> mse_by_horizon(model::Predictor const& network, Windows const& windows, std::int64_t batch_size,
                                   parallel::Group* group = nullptr);
/// (window, horizon): mean over the steps and channels of each window.
std::vector<std::vector<double>> mse_by_window(model::Predictor const& network, Windows const& windows,
                                               std::int64_t batch_size, parallel::Group* group = nullptr);

/// (horizon): mean of such rows over the windows; mse_by_horizon equals it bit for bit.
std::vector<double> mean_over_windows(std::vector<std::vector<double>> const& by_window);

/// Mean of the entries: the loss over horizons.
double mean(std::vector<double> const& values);

}  // namespace mambasynth::train
