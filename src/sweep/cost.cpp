#include "sweep/cost.hpp"

#include <algorithm>
#include <cmath>

namespace mambasynth::sweep {
namespace {

// One scan step of one state: exp(delta A) (counted as 4), delta B x, the recurrence, and the product with C.
constexpr double scan_flop = 11;

double windows(double steps, double length, double stride) {
  return steps < length ? 0 : std::floor((steps - length) / stride) + 1;
}

}  // namespace

double forward_flop_per_step(config::Model const& model, std::int64_t channels) {
  auto const width = static_cast<double>(model.d_model);
  auto const inner = static_cast<double>(model.d_inner());
  auto const states = static_cast<double>(model.d_state);
  auto const rank = static_cast<double>(model.dt_rank());
  auto const outputs = static_cast<double>(channels);
  auto const linear = 2 * width * 2 * inner + 2 * inner * (rank + 2 * states) + 2 * rank * inner + 2 * inner * width;
  auto const block = linear + 2 * inner * static_cast<double>(model.d_conv) + scan_flop * inner * states;
  auto const head = 2 * static_cast<double>(model.d_ff) * (width + outputs);
  return static_cast<double>(model.n_layers) * block + 2 * outputs * width +
         static_cast<double>(model.horizons().size()) * head;
}

double estimated_cost(config::Trial const& trial, std::int64_t n_steps, std::int64_t channels) {
  auto const& train = trial.train;
  auto const steps = static_cast<double>(n_steps);
  auto const length = static_cast<double>(train.seq_len);
  auto const stride = static_cast<double>(train.stride);
  double train_windows = 0;
  double val_windows = 0;
  if (train.split == "blocked") {
    auto const val_steps = std::floor(train.val_fraction * steps);
    val_windows = windows(val_steps, length, stride);
    train_windows = windows(steps - val_steps - length, length, stride);
  } else {
    auto const all = windows(steps, length, stride);
    val_windows = std::floor(train.val_fraction * all);
    train_windows = all - val_windows;
  }
  auto const test_windows = windows(static_cast<double>(trial.data.resolved_test_n_steps()), length, length);
  auto const epochs = static_cast<double>(train.epochs);
  auto const forward_windows = epochs * ((train.train_eval ? 4 : 3) * train_windows + val_windows) +
                               (std::floor(epochs / static_cast<double>(train.test_every)) + 1) * test_windows;
  return forward_windows * length * forward_flop_per_step(trial.model, channels) / 1e12;
}

}  // namespace mambasynth::sweep
