#include "analysis/trial_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <stdexcept>

#include "analysis/trial_layout.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis {

namespace {

namespace layout = trial_layout;
using store::Hdf5Writer;
using store::Meaning;

template <class T>
void scale(Hdf5Writer& h5, std::string const& path, std::vector<T> const& values, Meaning const& meaning) {
  h5.scale<T>(path, values, meaning);
}

template <class T>
void column(Hdf5Writer& h5, std::string const& path, std::vector<T> const& values, std::size_t count,
            std::vector<std::string> const& dims, Meaning const& meaning) {
  if (values.size() != count) {
    throw std::invalid_argument(fmt::format("trial file: {} has {} values, its axes have {}", path, values.size(), count));
  }
  h5.dataset<T>(path, values, dims, meaning);
}

void write_history(Hdf5Writer& h5, TrialHistory const& history) {
  if (history.epoch.empty()) return;
  scale(h5, layout::epoch, history.epoch, {"epoch, from 1", ""});
  auto const add = [&](std::string const& name, auto const& values, Meaning const& meaning) {
    column(h5, layout::history + name, values, history.epoch.size(), {layout::epoch}, meaning);
  };
  add("train_mse", history.train_mse, {"mean loss of the training batches, dropout on, weights moving", ""});
  add("train_eval_mse", history.train_eval_mse, {"loss of the training windows in eval mode", ""});
  add("val_mse", history.val_mse, {"loss of the validation windows", ""});
  add("test_mse", history.test_mse, {"loss of the test series", ""});
  add("lr", history.lr, {"learning rate", ""});
  add("gate_lr", history.gate_lr, {"learning rate of x_proj and dt_proj", ""});
  add("seconds", history.seconds, {"duration of the epoch", "s"});
  add("best", history.best, {"1 where the validation loss was the lowest so far", ""});
}

void write_final(Hdf5Writer& h5, TrialResult const& trial) {
  auto const add = [&](std::string const& name, double value, char const* meaning) {
    if (!std::isnan(value)) h5.scalar(layout::final_group + name, value, {meaning, ""});
  };
  add("train_mse", trial.train_mse, "loss of the best checkpoint on the training windows, eval mode, fp32");
  add("val_mse", trial.val_mse, "loss of the best checkpoint on the validation windows, eval mode, fp32");
  add("test_mse", trial.test_mse, "loss of the best checkpoint on the test series, eval mode, fp32");
}

void write_horizons(Hdf5Writer& h5, HorizonErrors const& horizon) {
  if (horizon.horizon.empty()) return;
  scale(h5, layout::horizon, horizon.horizon, {"steps ahead", ""});
  auto const add = [&](std::string const& name, std::vector<double> const& values, char const* meaning) {
    if (values.empty()) return;
    column(h5, layout::horizon_group + name, values, horizon.horizon.size(), {layout::horizon}, {meaning, ""});
  };
  add("val_mse", horizon.val_mse, "error on the validation windows");
  add("test_mse", horizon.test_mse, "error on the test series");
  add("bayes_mse", horizon.bayes_mse, "error of the Bayes optimum on the test windows");
  add("excess_mse", horizon.excess_mse, "test_mse - bayes_mse");
  add("val_bayes_mse", horizon.val_bayes_mse, "error of the Bayes optimum on the validation windows");
}

void write_layers(Hdf5Writer& h5, std::vector<std::string> const& layers) {
  std::vector<std::int64_t> positions(layers.size());
  std::iota(positions.begin(), positions.end(), 0);
  scale(h5, layout::layer, positions, {"0 = input, then the blocks, last = output", ""});
  h5.attribute(layout::layer, layout::layer_names, fmt::format("{}", fmt::join(layers, ",")));
}

/// An estimator's values and errors, (layer) or (layer, entry of `scale`).
template <class OfLayer>
void write_estimator(Hdf5Writer& h5, std::string const& name, std::vector<DimensionEstimates> const& layers,
                     std::size_t entries, std::vector<std::string> const& dims, OfLayer of_layer) {
  std::vector<double> value;
  std::vector<double> se;
  for (auto const& layer : layers) {
    for (auto const& estimate : of_layer(layer)) {
      value.push_back(estimate.value);
      se.push_back(estimate.se);
    }
  }
  column(h5, layout::dimension + name, value, layers.size() * entries, dims, {"intrinsic dimension, " + name, ""});
  column(h5, layout::dimension + name + "_se", se, layers.size() * entries, dims, {"nominal standard error", ""});
}

void write_dimension(Hdf5Writer& h5, std::vector<DimensionEstimates> const& layers) {
  auto const& first = layers.front();
  for (auto const& layer : layers) {
    if (layer.k != first.k || layer.n1 != first.n1) {
      throw std::invalid_argument("trial file: layers were measured at different k or n1");
    }
  }
  scale(h5, layout::k, first.k, {"neighbours", ""});
  auto const by_k = [&](std::string const& name, auto of_layer) {
    write_estimator(h5, name, layers, first.k.size(), {layout::layer, layout::k}, of_layer);
  };
  by_k("levina_bickel_original", [](auto const& layer) { return layer.levina_bickel_original; });
  by_k("levina_bickel", [](auto const& layer) { return layer.levina_bickel; });
  by_k("mackay_ghahramani", [](auto const& layer) { return layer.mackay_ghahramani; });
  write_estimator(h5, "two_nn_ml", layers, 1, {layout::layer},
                  [](auto const& layer) { return std::vector{layer.two_nn_ml}; });
  write_estimator(h5, "two_nn_ls", layers, 1, {layout::layer},
                  [](auto const& layer) { return std::vector{layer.two_nn_ls}; });
  if (!first.n1.empty()) {
    scale(h5, layout::n1, first.n1, {"nearer neighbour of Gride, the farther is 2 n1", ""});
    write_estimator(h5, layout::estimator_by_n1, layers, first.n1.size(), {layout::layer, layout::n1},
                    [](auto const& layer) { return layer.gride; });
  }
  std::vector<std::int64_t> duplicates;
  for (auto const& layer : layers) duplicates.push_back(layer.duplicates);
  column(h5, std::string(layout::dimension) + "duplicates", duplicates, layers.size(), {layout::layer},
         {"rows at distance 0 from another", ""});
}

void write_activation(Hdf5Writer& h5, std::vector<LayerActivation> const& layers, std::size_t count) {
  auto const add = [&](std::string const& name, double LayerActivation::*member, char const* meaning) {
    std::vector<double> values;
    for (auto const& layer : layers) values.push_back(layer.*member);
    column(h5, layout::activation + name, values, count, {layout::layer}, {meaning, ""});
  };
  add("mean", &LayerActivation::mean, "mean over rows and features");
  add("std", &LayerActivation::std, "standard deviation over rows and features");
  add("participation_ratio", &LayerActivation::participation_ratio, "tr(C)^2 / tr(C^2) of the covariance of the features");
}

void write_provenance(Hdf5Writer& h5, Provenance const& provenance) {
  h5.group(layout::provenance);
  auto const add = [&](std::string const& name, auto const& value) { h5.attribute(layout::provenance, name, value); };
  add("state", provenance.state);
  add("trial_id", provenance.trial_id);
  add("git_commit", provenance.git_commit);
  add("git_dirty", static_cast<std::int64_t>(provenance.git_dirty));
  add("device", provenance.device);
  add("data_hash", provenance.data_hash);
  add("seconds", provenance.seconds);
  for (auto const& [name, any] : provenance.more) {
    std::visit([&, &key = name](auto const& value) { add(key, value); }, any);
  }
}

}  // namespace

void write_trial(std::filesystem::path const& file, TrialResult const& trial) {
  store::AtomicFile target(file);
  Hdf5Writer h5(target.temporary());
  h5.attribute("/", "schema_version", layout::schema_version);
  write_provenance(h5, trial.provenance);
  write_history(h5, trial.history);
  write_final(h5, trial);
  write_horizons(h5, trial.horizon);
  if (!trial.layers.empty()) write_layers(h5, trial.layers);
  if (!trial.dimension.empty()) write_dimension(h5, trial.dimension);
  if (!trial.activation.empty()) write_activation(h5, trial.activation, trial.layers.size());
  h5.close();
  target.commit();
}

}  // namespace mambasynth::analysis
