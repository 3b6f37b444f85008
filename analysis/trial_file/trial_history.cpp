#include "analysis/trial_file/trial_history.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

TrialHistory read_losses(std::filesystem::path const& file) {
  namespace layout = trial_layout;
  store::Hdf5Reader const h5(file);
  TrialHistory history;
  if (!h5.exists(layout::epoch)) return history;
  history.epoch = h5.read<std::int64_t>(layout::epoch);
  auto const read = [&](char const* name) {
    auto const path = std::string(layout::history) + name;
    if (!h5.exists(path)) return std::vector<double>(history.epoch.size(), std::nan(""));
    auto values = h5.read<double>(path);
    if (values.size() != history.epoch.size())
      throw errors::input(file.string() + " cannot be used as a trial",
                          fmt::format("{} holds {} values for {} epochs", path, values.size(), history.epoch.size()),
                          "Remove it and run the sweep again");
    return values;
  };
  history.train_mse = read("train_mse");
  history.train_eval_mse = read("train_eval_mse");
  history.val_mse = read("val_mse");
  history.test_mse = read("test_mse");
  history.lr = read("lr");
  history.gate_lr = read("gate_lr");
  return history;
}

}  // namespace mambasynth::analysis::trial_file
