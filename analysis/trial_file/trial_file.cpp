#include "analysis/trial_file/trial_file.hpp"

#include <fmt/format.h>

#include <cmath>

#include "analysis/trial_file/columns.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "store/result_file.hpp"

namespace mambasynth::analysis::trial_file {

namespace {

namespace layout = trial_layout;
using store::Hdf5Writer;
using store::Meaning;

void write_history(Hdf5Writer& h5, TrialHistory const& history) {
  if (history.epoch.empty()) return;
  scale(h5, layout::epoch, history.epoch, {"epoch, from 1", "epoch"});
  auto const add = [&](std::string const& name, auto const& values, Meaning const& meaning) {
    column(h5, layout::history + name, values, history.epoch.size(), {layout::epoch}, meaning);
  };
  for (auto const& [name, meaning, values] : history.columns) add(name, values, meaning);
  add("best", history.best, {"1 where the validation loss was the lowest so far", "1"});
}

void write_final(Hdf5Writer& h5, TrialResult const& trial) {
  auto const add = [&](std::string const& name, double value, char const* meaning) {
    if (!std::isnan(value)) h5.scalar(layout::final_group + name, value, {meaning, "1"});
  };
  add("train_mse", trial.train_mse, "loss of the best checkpoint on the training windows, eval mode, fp32");
  add("val_mse", trial.val_mse, "loss of the best checkpoint, mean over validation windows, eval mode, fp32");
  add("test_mse", trial.test_mse, "loss of the best checkpoint on the test series, eval mode, fp32");
}

void write_horizons(Hdf5Writer& h5, HorizonErrors const& horizon) {
  if (horizon.horizon.empty()) return;
  scale(h5, layout::horizon, horizon.horizon, {"steps ahead", "step"});
  auto const add = [&](std::string const& name, std::vector<double> const& values, std::string const& meaning) {
    if (values.empty()) return;
    column(h5, layout::horizon_group + name, values, horizon.horizon.size(), {layout::horizon}, {meaning, "1"});
  };
  add("val_mse", horizon.val_mse, "error on the validation windows");
  add("test_mse", horizon.test_mse, "error on the test series");
  add("bayes_mse", horizon.bayes_mse, "error of the Bayes optimum on the test windows");
  add("excess_mse", horizon.excess_mse, "test_mse - bayes_mse");
  add("val_bayes_mse", horizon.val_bayes_mse, "error of the Bayes optimum on the validation windows");
  auto const error_of = [](std::string const& what) {
    return "standard error of " + what +
           " over blocks of the test series, for this network only: the variation between training seeds is "
           "not included";
  };
  add("test_mse_se", horizon.test_mse_se, error_of("test_mse"));
  add("bayes_mse_se", horizon.bayes_mse_se, error_of("bayes_mse"));
  add("excess_mse_se", horizon.excess_mse_se, error_of("excess_mse, from paired differences,"));
  if (horizon.excess_mse_by_block.empty()) return;
  auto const blocks = horizon.test_blocks.first.size();
  scale(h5, layout::test_block, horizon.test_blocks.first,
        {"first step of a block of consecutive windows of the test series", "step"});
  column(h5, layout::windows_by_block, horizon.test_blocks.windows, blocks, {layout::test_block},
         {"windows of the block", "1"});
  column(h5, layout::excess_by_block, horizon.excess_mse_by_block, horizon.horizon.size() * blocks,
         {layout::horizon, layout::test_block}, {"test_mse - bayes_mse over the windows of each block", "1"});
}

store::Attributes attributes_of(Provenance const& provenance) {
  store::Attributes attributes{
      {"state", provenance.state},           {"trial_id", provenance.trial_id},
      {"git_commit", provenance.git_commit}, {"git_dirty", static_cast<std::int64_t>(provenance.git_dirty)},
      {"device", provenance.device},         {"data_hash", provenance.data_hash},
      {"seconds", provenance.seconds}};
  attributes.insert(attributes.end(), provenance.more.begin(), provenance.more.end());
  return attributes;
}

}  // namespace

void write_trial(std::filesystem::path const& file, TrialResult const& trial) {
  store::ResultFile result(file, layout::schema_version);
  result.provenance(attributes_of(trial.provenance));
  auto& h5 = result.h5();
  write_history(h5, trial.history);
  write_final(h5, trial);
  write_horizons(h5, trial.horizon);
  write_evaluation(h5, trial.evaluation);
  result.commit();
}

}  // namespace mambasynth::analysis::trial_file
