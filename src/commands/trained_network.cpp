#include "commands/trained_network.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "commands/checkpoint_flag.hpp"
#include "commands/chosen_data.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

/// Printed configurations resolve optional keys; here they must follow the keys that the user changes.
void unresolve(config::Data& data) {
  if (data.test_n_steps == data.n_steps) data.test_n_steps.reset();
  if (data.test_path_seed == data.resolved_path_seed() + 1) data.test_path_seed.reset();
  if (data.path_seed == data.seed) data.path_seed.reset();
}

config::Trial recorded(model::WeightsFile const& file, std::optional<train::TrainingFacts> const& facts,
                       std::string const& name) {
  config::Trial trial;
  if (facts) {
    config::Trial whole;
    config::apply_text(whole, facts->configuration, name);
    trial.data = whole.data;
    trial.model = whole.model;
    trial.train = whole.train;
    trial.train.precision = config::Train{}.precision;  // the device's
    unresolve(trial.data);
    return trial;
  }
  trial.model = model::architecture_of(file, name);
  trial.train.seq_len = window_length(0, file);
  if (!file.checkpoint.find("args")) return trial;
  trial.train.split = "random";  // the original has no other
  auto const take = [&](char const* key, std::int64_t& target) { target = argument(file, key).value_or(target); };
  take("stride", trial.train.stride);
  take("batch_size", trial.train.batch_size);
  take("seed", trial.train.seed);
  auto const* const fraction = file.checkpoint.find("args")->find("val_fraction");
  if (fraction && std::holds_alternative<double>(fraction->v)) trial.train.val_fraction = std::get<double>(fraction->v);
  return trial;
}

/// One line for each key that the user changes.
void note_contradictions(TrainedNetwork& network, config::Trial const& as_trained) {
  for (auto const& key : network.given) {
    bool const described = key.starts_with("data.") || key.starts_with("model.") || key == "train.split" ||
                           key == "train.seq_len" || key == "train.stride" || key == "train.val_fraction" ||
                           (key == "train.seed" && network.trial.train.split == "random");
    if (!described || key == "data.path" || key == "data.labels" || key == "data.sampling_rate") continue;
    auto const now = config::get(network.trial, key).shown, then = config::get(as_trained, key).shown;
    if (now != then)
      network.notes.push_back(fmt::format("note: {} = {} applies; the checkpoint was trained with {}.", key, now,
                                          then.empty() ? "none" : then));
  }
}

/// Chooses the series of a checkpoint when the user names none.
void choose_series(TrainedNetwork& network) {
  auto& data = network.trial.data;
  auto& notes = network.notes;
  if (network.given.contains("data.path")) return;
  if (!network.facts) {
    if (auto note = use_data_here(data, network.given); !note.empty()) notes.push_back(std::move(note));
    else if (!gives_generator(network.given))
      notes.push_back(
          fmt::format("note: using the series of data.seed = {} (--data is not given, and the checkpoint "
                      "does not record its series).",
                      data.seed));
    return;
  }
  if (gives_generator(network.given)) {
    data.path.clear();
    return;
  }
  if (!data.path.empty() && !fs::exists(data.path)) {
    if (!network.facts->data_generated)
      throw errors::input("the recording of " + network.checkpoint + " is missing",
                          "there is no " + data.path + ", from which it was trained", "Name it with --data");
    data.path.clear();
  }
  notes.push_back(data.path.empty()
                      ? fmt::format("note: using the checkpoint's series, data.seed = {} with {} steps (--data is not "
                                    "given).",
                                    data.seed, data.n_steps)
                      : fmt::format("note: using the checkpoint's series, {} (--data is not given).", data.path));
}

}  // namespace

TrainedNetwork read_trained(TrialFlags const& flags, std::string const& checkpoint) {
  TrainedNetwork network{.checkpoint = checkpoint,
                         .loaded = model::load_network(checkpoint),
                         .facts = {},
                         .trial = {},
                         .given = flags.given(),
                         .notes = {}};
  auto const& file = network.loaded.file;
  network.facts = train::facts_in(file.checkpoint, checkpoint);
  auto base = recorded(file, network.facts, checkpoint);
  network.trial = flags.resolve(base);
  note_contradictions(network, base);
  choose_series(network);
  return network;
}

config::Trial as_trained(TrialFlags const& flags, std::string const& checkpoint) {
  if (!fs::exists(checkpoint)) return flags.resolve();
  auto const file = model::read_weights(checkpoint);
  return flags.resolve(recorded(file, train::facts_in(file.checkpoint, checkpoint), checkpoint));
}

trial::TrialData load_data(TrainedNetwork const& network, int threads, Windows windows) {
  for (auto const& note : network.notes) streams::log("{}\n", note);
  auto trial = network.trial;
  auto data = trial::load_series(trial, {}, threads);
  require_its_channels(network.checkpoint, network.loaded.network.channels(), data.series().size(1));
  if (data.generated)  // the checkpoint's keys of a recording are not the user's
    config::for_each_field<config::Data>([&](auto const& field) {
      if (config::Data::describes_recording(field.key) && field.key != "sampling_rate" &&
          !network.given.contains("data." + std::string(field.key)))
        trial.data.*(field.member) = data.data.*(field.member) = config::Data{}.*(field.member);
    });
  for (auto const& note : data.notes) streams::log("{}\n", note);
  if (network.facts && network.facts->data_sha256 != data.sha256)
    streams::log("note: this series is not the one that {} was trained on.\n", network.checkpoint);
  auto const scaling = network.facts ? network.facts->scaling : series::Scaling{};
  bool const scales = trial.data.standardise && scaling.empty();
  if (windows == Windows::required || (windows == Windows::none && scales)) {
    trial::cut(data, trial, threads);
  } else if (windows == Windows::if_possible) {
    try {
      trial::cut(data, trial, threads);
    } catch (errors::Error const& error) {
      if (scales || (error.code() != errors::ExitCode::usage && error.code() != errors::ExitCode::input)) throw;
      streams::log("note: no errors by horizon: {}\n", error.what());
    }
  }
  trial::standardize(data, trial, scaling);
  return data;
}

}  // namespace mambasynth::commands
