#include "trial/horizon_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/document/rounding.hpp"
#include "analysis/trial_file/test_blocks.hpp"
#include "errors/errors.hpp"
#include "train/measure.hpp"

namespace mambasynth::trial {

using analysis::trial_file::errors_over_blocks;
using analysis::trial_file::means_by_block;

std::int64_t windows_at_once(std::int64_t length, std::int64_t micro_batch) {
  // Enough steps to keep the cores busy, few enough for the activations to fit in a laptop's memory.
  constexpr std::int64_t steps_at_once = 16384;
  auto const wide = std::max<std::int64_t>(1, steps_at_once / length);
  return micro_batch > 0 ? std::min(wide, micro_batch) : wide;
}

MeasuredErrors measure_errors(model::Predictor const& network, train::DataSplits const& splits,
                              std::int64_t micro_batch) {
  auto const batch = windows_at_once(splits.train.length, micro_batch);
  MeasuredErrors measured;
  auto& horizon = measured.horizon;
  horizon.horizon = network.horizons();
  horizon.val_mse = train::mse_by_horizon(network, splits.val, batch);
  if (splits.test.count() == 0) return measured;
  measured.test_by_window = train::mse_by_window(network, splits.test, batch);
  horizon.test_mse = train::mean_over_windows(measured.test_by_window);
  horizon.test_blocks = analysis::trial_file::test_blocks(splits.test.starts, splits.test.length);
  horizon.test_mse_se =
      errors_over_blocks(horizon.test_blocks, means_by_block(horizon.test_blocks, measured.test_by_window));
  return measured;
}

void add_bayes_errors(MeasuredErrors& measured, config::Trial const& trial, TrialData const& data,
                      std::filesystem::path const& cache, int threads,
                      std::function<void(std::string const&)> const& log) {
  BayesError least;
  try {
    least = bayes_error(trial, data, cache, threads, log);
  } catch (errors::Error const& error) {
    log(std::string("note: bayes_mse stays empty: ") + error.what());
  }
  if (least.test.mse.empty()) return;
  auto& horizon = measured.horizon;
  auto const& blocks = horizon.test_blocks;
  horizon.bayes_mse = least.test.mse;
  horizon.val_bayes_mse = least.validation.mse;
  horizon.bayes_mse_se = errors_over_blocks(blocks, means_by_block(blocks, least.test.by_window));
  auto by_window = measured.test_by_window;
  for (std::size_t w = 0; w < by_window.size(); ++w)
    for (std::size_t h = 0; h < by_window[w].size(); ++h) by_window[w][h] -= least.test.by_window[w][h];
  horizon.excess_mse_by_block = means_by_block(blocks, by_window);
  horizon.excess_mse_se = errors_over_blocks(blocks, horizon.excess_mse_by_block);
  for (std::size_t h = 0; h < horizon.horizon.size(); ++h)
    horizon.excess_mse.push_back(horizon.test_mse[h] - horizon.bayes_mse[h]);
}

std::string warning_of_overlap(std::int64_t shared, train::DataSplits const& splits) {
  return fmt::format(
      "warning: {} of {} validation windows share steps with training windows (train.split = random). Their error is "
      "too "
      "low; that on the test windows is not affected.",
      shared, splits.val.count());
}

std::string table_of(analysis::trial_file::HorizonErrors const& errors) {
  std::vector<std::pair<std::string, std::vector<double> const*>> columns;
  auto const add = [&](std::string const& title, std::vector<double> const& values) {
    if (std::any_of(values.begin(), values.end(), [](double value) { return !std::isnan(value); }))
      columns.emplace_back(title, &values);
  };
  add("validation", errors.val_mse);
  add("Bayes", errors.val_bayes_mse);
  add("test", errors.test_mse);
  add("Bayes", errors.bayes_mse);
  add("excess", errors.excess_mse);
  add("s.e.", errors.excess_mse_se);
  if (columns.empty()) return {};
  auto text = fmt::format("{:<10}", "horizon");
  for (auto const& [title, values] : columns) text += fmt::format(" {:>10}", title);
  text += "\n";
  for (std::size_t h = 0; h < errors.horizon.size(); ++h) {
    text += fmt::format("{:<10}", errors.horizon[h]);
    for (auto const& [title, values] : columns)
      text += fmt::format(" {:>10}", analysis::document::decimal_text((*values)[h], 4));
    text += "\n";
  }
  return text;
}

}  // namespace mambasynth::trial
