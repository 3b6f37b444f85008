#include "trial/data.hpp"

#include <ATen/ATen.h>

#include <memory>

#include "config/config.hpp"
#include "series/load.hpp"
#include "series/process.hpp"
#include "series/windows.hpp"

namespace mambasynth::trial {
namespace {

/// A tensor over the series' memory, which lives as long as the tensor.
at::Tensor as_tensor(series::TrainingSeries series) {
  auto const rows = series.n_steps;
  auto const channels = series.channels;
  auto const owner = std::make_shared<std::vector<float>>(std::move(series.x));
  return at::from_blob(owner->data(), {rows, channels}, [owner](void*) {}, at::TensorOptions().dtype(at::kFloat));
}

}  // namespace

TrialData load_data(config::Trial const& trial, std::filesystem::path const& path, int threads) {
  auto const file = path.empty() ? std::filesystem::path(trial.data.path) : path;
  auto series =
      file.empty() ? series::generate_for_training(trial.data, threads) : series::load_for_training(file, threads);
  if (!trial.data.path.empty()) config::check_against_file(trial.data, series.channels);
  TrialData result;
  result.generated = series.source.generated;
  result.foreign_reason = series.source.reason;
  result.sha256 = series.source.sha256;
  result.data =
      result.generated && !file.empty() ? config::with_keys_of_file(series.source.data, trial.data) : trial.data;

  auto const& t = trial.train;
  auto const steps = series.n_steps;
  auto const split = t.split == "random" ? series::split_random(steps, t.seq_len, t.stride, t.val_fraction, t.seed)
                                         : series::split_blocked(steps, t.seq_len, t.stride, t.val_fraction);
  result.circle = std::move(series.circle);
  result.phase = std::move(series.phase);
  result.process = std::move(series.process);
  auto const x = as_tensor(std::move(series));
  result.splits.train = {x, split.train, t.seq_len};
  result.splits.val = {x, split.validation, t.seq_len};
  if (result.generated) {
    config::check_test_series(result.data);
    auto const test = as_tensor(series::generate_for_training(series::test_series_of(result.data), threads));
    result.splits.test = {test, series::window_starts(test.size(0), t.seq_len, t.seq_len), t.seq_len};
  }
  return result;
}

}  // namespace mambasynth::trial
