#include "train/measure.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "errors/stop.hpp"
#include "progress/count.hpp"
#include "train/losses/mean_squared_error.hpp"

namespace mambasynth::train {
namespace {

/// The batches of this rank.
parallel::Slice batches_of(std::int64_t windows, std::int64_t batch_size, parallel::Group const* group) {
  auto const batches = (windows + batch_size - 1) / batch_size;
  return group ? parallel::slice_of(batches, group->rank(), group->size()) : parallel::Slice{0, batches};
}

/// Ranks that measure together stop between two steps, all at once.
void check_stop_if_single_rank(parallel::Group const* group) {
  if (group == nullptr || group->size() == 1) errors::check_stop();
}

/// What every measurement reports, whatever loss a training minimizes.
losses::MeanSquaredError const metric;

}  // namespace

double mean(std::vector<double> const& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double mean_batch_loss(model::Predictor const& network, Windows const& windows, std::int64_t batch_size,
                       std::vector<std::int64_t> const& order, parallel::Group* group, std::int64_t micro_batch) {
  at::NoGradGuard const no_grad;
  std::vector<double> by_batch(static_cast<std::size_t>((windows.count() + batch_size - 1) / batch_size), 0.0);
  auto const own = batches_of(windows.count(), batch_size, group);
  progress::Count counted(own.last - own.first, "batch");
  for (auto batch = own.first; batch < own.last; ++batch, counted.add()) {
    check_stop_if_single_rank(group);
    auto const first = batch * batch_size;
    auto const count = std::min(batch_size, windows.count() - first);
    auto const most = micro_batch > 0 ? micro_batch : count;
    auto& loss = by_batch[static_cast<std::size_t>(batch)];
    for (std::int64_t from = 0; from < count; from += most) {
      auto const size = std::min(most, count - from);
      auto const x = order.empty() ? windows.range(first + from, size)
                                   : windows.gather(std::span(order).subspan(static_cast<std::size_t>(first + from),
                                                                             static_cast<std::size_t>(size)));
      auto const value = metric.value(network.predict(x), x, network.horizons()).item<double>();
      loss += size == count ? value : value * static_cast<double>(size) / static_cast<double>(count);
    }
  }
  if (group) group->all_reduce(by_batch);
  return mean(by_batch);
}

std::vector<std::vector<double>> mse_by_window(model::Predictor const& network, Windows const& windows,
                                               std::int64_t batch_size, parallel::Group* group) {
  at::NoGradGuard const no_grad;
  auto const& horizons = network.horizons();
  std::vector<double> all(static_cast<std::size_t>(windows.count()) * horizons.size(), 0.0);
  auto const own = batches_of(windows.count(), batch_size, group);
  progress::Count counted(own.last - own.first, "batch");
  for (auto batch = own.first; batch < own.last; ++batch, counted.add()) {
    check_stop_if_single_rank(group);
    auto const first = batch * batch_size;
    auto const x = windows.range(first, std::min(batch_size, windows.count() - first));
    auto const predictions = network.predict(x);
    std::vector<at::Tensor> errors;
    for (std::size_t h = 0; h < horizons.size(); ++h) {
      auto const error = losses::difference(predictions[h], x, horizons[h]);
      errors.push_back((error * error).to(at::kDouble).mean({1, 2}));
    }
    for (std::int64_t w = 0; w < x.size(0); ++w)
      for (std::size_t h = 0; h < horizons.size(); ++h)
        all[static_cast<std::size_t>(first + w) * horizons.size() + h] = errors[h][w].item<double>();
  }
  if (group) group->all_reduce(all);
  std::vector<std::vector<double>> rows;
  for (auto row = all.begin(); row != all.end(); row += static_cast<std::ptrdiff_t>(horizons.size()))
    rows.emplace_back(row, row + static_cast<std::ptrdiff_t>(horizons.size()));
  return rows;
}

std::vector<double> mean_over_windows(std::vector<std::vector<double>> const& by_window) {
  std::vector<double> total(by_window.empty() ? 0 : by_window[0].size(), 0.0);
  for (auto const& row : by_window)
    for (std::size_t h = 0; h < total.size(); ++h) total[h] += row[h];
  for (auto& value : total) value /= static_cast<double>(by_window.size());
  return total;
}

std::vector<double> mse_by_horizon(model::Predictor const& network, Windows const& windows, std::int64_t batch_size,
                                   parallel::Group* group) {
  auto const rows = mse_by_window(network, windows, batch_size, group);
  if (rows.empty()) return std::vector<double>(network.horizons().size(), std::numeric_limits<double>::quiet_NaN());
  return mean_over_windows(rows);
}

}  // namespace mambasynth::train
