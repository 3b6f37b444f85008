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
  write_scaling(h5, trial.channel_mean, trial.channel_std);
  write_evaluation(h5, trial.evaluation);
  result.commit();
}

}  // namespace mambasynth::analysis::trial_file
