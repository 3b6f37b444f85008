#include "trial/data.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "config/config.hpp"
#include "series/load.hpp"
#include "series/process.hpp"

namespace mambasynth::trial {
namespace {

/// A tensor over the series' memory, which lives as long as the tensor.
at::Tensor as_tensor(series::TrainingSeries series) {
  auto const rows = series.n_steps;
  auto const channels = series.channels;
  auto const owner = std::make_shared<std::vector<float>>(std::move(series.x));
  return at::from_blob(owner->data(), {rows, channels}, [owner](void*) {}, at::TensorOptions().dtype(at::kFloat));
}

std::span<float> writable_values(at::Tensor const& x) {
  return {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())};
}

series::Scaling scaling_by_training(TrialData const& data) {
  auto const& train = data.splits.train;
  return series::scaling_of(writable_values(data.series()), data.series().size(1), train.starts, train.length);
}

}  // namespace

TrialData load_series(config::Trial const& trial, std::filesystem::path const& path, int threads) {
  auto const file = path.empty() ? std::filesystem::path(trial.data.path) : path;
  auto series = file.empty() ? series::generate_for_training(trial.data, threads)
                             : series::load_for_training({file, trial.data}, threads);
  if (!trial.data.path.empty()) config::check_against_file(trial.data, series.channels);
  TrialData result;
  result.generated = series.source.generated;
  result.foreign_reason = series.source.reason;
  result.sha256 = series.source.sha256;
  result.notes = std::move(series.source.notes);
  result.data =
      result.generated && !file.empty() ? config::with_keys_of_file(series.source.data, trial.data) : trial.data;
  result.segments = series.segments;
  result.circle = std::move(series.circle);
  result.phase = std::move(series.phase);
  result.process = std::move(series.process);
  result.splits.train.series = as_tensor(std::move(series));
  return result;
}

void cut(TrialData& data, config::Trial const& trial, int threads) {
  auto const& t = trial.train;
  auto const x = data.series();
  if (data.generated) {
    config::check_no_recording(data.data);
    config::check_test_series(data.data);
  }
  auto const parts = data.generated ? series::HeldOut{data.steps(), {}}
                                    : series::hold_out(data.steps(), t.seq_len, data.data.test_fraction);
  auto const split = t.split == "random"
                         ? series::split_random(parts.development, t.seq_len, t.stride, t.val_fraction, t.seed)
                         : series::split_blocked(parts.development, t.seq_len, t.stride, t.val_fraction);
  data.splits.train = {x, split.train, t.seq_len};
  data.splits.val = {x, split.validation, t.seq_len};
  data.splits.test = {x, parts.test, t.seq_len};
  if (!data.generated) return;
  auto const test = as_tensor(series::generate_for_training(series::test_series_of(data.data), threads));
  data.splits.test = {test, series::window_starts(test.size(0), t.seq_len, t.seq_len), t.seq_len};
}

void standardize(TrialData& data, config::Trial const& trial, series::Scaling const& scaling) {
  if (data.generated || !trial.data.standardise) return;
  data.scaling = scaling.empty() ? scaling_by_training(data) : scaling;
  data.scaling.apply(writable_values(data.series()));  // of all splits, which share its memory
}

std::int64_t overlapping_validation_windows(train::DataSplits const& splits) {
  auto train = splits.train.starts;
  std::sort(train.begin(), train.end());
  auto const length = splits.train.length;
  return std::count_if(splits.val.starts.begin(), splits.val.starts.end(), [&](std::int64_t start) {
    auto const next = std::upper_bound(train.begin(), train.end(), start - length);
    return next != train.end() && *next < start + length;
  });
}

TrialData load_data(config::Trial const& trial, std::filesystem::path const& path, int threads) {
  auto data = load_series(trial, path, threads);
  cut(data, trial, threads);
  if (!data.generated && !trial.data.standardise)
    if (auto note = series::note_on_scales(scaling_by_training(data)); !note.empty())
      data.notes.push_back(std::move(note));
  standardize(data, trial);
  return data;
}

WholeWindows whole_windows(at::Tensor const& series, std::int64_t segments, std::span<std::int64_t const> circle,
                           std::span<double const> phase, std::int64_t length) {
  series::Segments const all(series.size(0), segments);
  auto starts = series::window_starts(all, length, length);
  if (segments == 1) return {series, {circle.begin(), circle.end()}, {phase.begin(), phase.end()}, std::move(starts)};
  WholeWindows whole{at::empty({static_cast<std::int64_t>(starts.size()) * length, series.size(1)}, series.options()),
                     {},
                     {},
                     std::move(starts)};
  for (std::size_t w = 0; w < whole.starts.size(); ++w) {
    auto const start = whole.starts[w];
    whole.series.narrow(0, static_cast<std::int64_t>(w) * length, length).copy_(series.narrow(0, start, length));
    auto const take = [&](auto& to, auto const& from) {
      if (from.empty()) return;
      auto const part = from.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(length));
      to.insert(to.end(), part.begin(), part.end());
    };
    take(whole.circle, circle);
    take(whole.phase, phase);
  }
  return whole;
}

}  // namespace mambasynth::trial
