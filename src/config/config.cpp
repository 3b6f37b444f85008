#include "config/config.hpp"

#include "config/section.hpp"
#include "config/sizes.hpp"
#include "errors/errors.hpp"

namespace mambasynth::config {

Integers Model::horizons() const {
  Integers horizons;
  horizons.push_back(1);
  while (horizons.back() <= max_horizon / 2) horizons.push_back(2 * horizons.back());
  if (horizons.back() != max_horizon) horizons.push_back(max_horizon);
  return horizons;
}

Data with_keys_of_file(Data const& of_file, Data const& configured) {
  auto keys = of_file;
  for_each_field<Data>([&](auto const& field) {
    if (field.key == "path" || Data::describes_recording(field.key)) keys.*(field.member) = configured.*(field.member);
  });
  if (configured.test_path_seed) keys.test_path_seed = configured.test_path_seed;
  if (configured.test_n_steps) keys.test_n_steps = configured.test_n_steps;
  return keys;
}

void check_against_file(Data const& configured, std::int64_t channels) {
  if (configured.subspace_dim <= channels) return;
  throw errors::usage("data.subspace_dim = " + std::to_string(configured.subspace_dim) + " is out of range",
                      configured.path + " has " + std::to_string(channels) + " channels",
                      "Omit it: the keys of that series apply");
}

void check_no_recording(Data const& keys) {
  for_each_field<Data>([&](auto const& field) {
    if (!Data::describes_recording(field.key) || field.key == "sampling_rate") return;
    if (keys.*(field.member) == Data{}.*(field.member)) return;
    throw errors::usage("data." + std::string(field.key) + " has no effect",
                        "it is a key of recordings, and this series is generated",
                        keys.path.empty() ? "Name your recording with --data, or omit the key"
                                          : "Omit it: " + keys.path + " has a test series of its own");
  });
}

void check_test_series(Data const& keys) {
  if (!keys.test_path_seed && keys.resolved_path_seed() == largest_data_seed)
    throw errors::usage("data.path_seed = " + std::to_string(largest_data_seed) + " leaves no seed for the test series",
                        "it uses the path seed + 1, and this is the largest seed",
                        "Give a --test-path-seed, or a smaller --path-seed or --data-seed");
  if (keys.resolved_test_path_seed() != keys.resolved_path_seed()) return;
  auto const seed = std::to_string(keys.resolved_path_seed());
  throw errors::usage("data.test_path_seed = " + seed + " is the path seed of the series itself",
                      "the test series would be the training series",
                      "Choose another --test-path-seed, or omit it for the path seed + 1");
}

void check_generated(Data const& keys) {
  // The original replaces an invalid number by the nearest valid one; the same series would then have several IDs.
  if (keys.subspace_dim != 0 && (keys.subspace_dim < 2 || keys.subspace_dim > keys.ambient_dim))
    throw errors::usage(
        "data.subspace_dim = " + std::to_string(keys.subspace_dim) + " is out of range",
        "circles need a plane, and the series has data.ambient_dim = " + std::to_string(keys.ambient_dim) + " channels",
        "Choose from 2 to " + std::to_string(keys.ambient_dim) + ", or 0 for all channels");
  if (keys.test_path_seed) check_test_series(keys);
}

namespace {

/// Refuses a key of a feature that is switched off: it would give the same results another trial ID.
void check_effect(Train const& train) {
  auto const require = [](bool effective, std::string const& key, std::string const& why,
                          std::string const& what_to_do) {
    if (!effective) throw errors::usage("train." + key + " has no effect", why, what_to_do);
  };
  Train const defaults;
  require(train.aug_rotate || train.aug_rotate_eps == 0, "aug_rotate_eps", "train.aug_rotate is false",
          "Also give --aug-rotate, or omit it");
  bool const contrastive = train.contrastive_lambda > 0;
  std::string const no_term = "train.contrastive_lambda is 0", leave_out = "Also give --contrastive-lambda, or omit it";
  require(contrastive || train.contrastive_temp == defaults.contrastive_temp, "contrastive_temp", no_term, leave_out);
  require(contrastive || train.contrastive_negatives == defaults.contrastive_negatives, "contrastive_negatives",
          no_term, leave_out);
}

}  // namespace

void check(Trial const& trial) {
  auto const text = [](std::int64_t value) { return std::to_string(value); };
  if (trial.model.max_horizon >= trial.train.seq_len)
    throw errors::usage("model.max_horizon = " + text(trial.model.max_horizon) +
                            " is not below train.seq_len = " + text(trial.train.seq_len),
                        "no two steps of a window are that far apart", "Use a longer window or a shorter horizon");
  if (trial.data.min_period > trial.data.max_period)
    throw errors::usage("data.min_period = " + text(trial.data.min_period) +
                            " is above data.max_period = " + text(trial.data.max_period),
                        "the circles' periods range from the one to the other", "Swap them");
  if (trial.data.path.empty() && trial.data.n_steps < trial.train.seq_len)
    throw errors::usage(
        "data.n_steps = " + text(trial.data.n_steps) + " is below train.seq_len = " + text(trial.train.seq_len),
        "the series is shorter than one window", "Use a longer series or shorter windows");
  if (trial.data.path.empty()) {  // else checked with the keys of the file once it is read
    check_generated(trial.data);
    check_no_recording(trial.data);
    check_test_series(trial.data);
  }
  check_effect(trial.train);
  require_within(needs_of_training(trial, true), address_space());
}

}  // namespace mambasynth::config
