// The test vector of trial IDs. identity_vector.txt is the canonical text of the trial with all defaults and precision
// fp32; its SHA-256 (`sha256sum identity_vector.txt`) starts with the ID below. Use these two to check an
// implementation in another language. Changing either orphans all results that users have, so it needs a very good
// reason.
#include "sweep/identity.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>
#include <sstream>

#include "config/toml.hpp"
#include "store/atomic_file.hpp"

using namespace mambasynth;

namespace {

constexpr char const* default_id = "78fe00ffb42e";

config::Trial default_trial() {
  config::Trial trial;
  trial.train.precision = "fp32";
  return trial;
}

}  // namespace

TEST_CASE("the default trial has the ID of the test vector") {
  auto const text = sweep::canonical_text(default_trial());
  CHECK(text == store::read_text(MAMBASYNTH_VECTOR));
  CHECK(sweep::trial_id(default_trial()) == default_id);
}

TEST_CASE("lines are sorted bytewise and contain every key that changes results") {
  std::istringstream text(sweep::canonical_text(default_trial()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  CHECK(std::is_sorted(lines.begin(), lines.end()));
  auto const has = [&](std::string const& key) {
    return std::any_of(lines.begin(), lines.end(), [&](auto const& line) { return line.starts_with(key + "="); });
  };
  for (char const* key :
       {"data.path_seed", "data.test_path_seed", "model.d_state", "train.lr", "train.precision", "train.num_workers"})
    CHECK(has(key));
  for (char const* key :
       {"data.path", "train.resume_every", "train.comm_timeout", "evaluate.lb_k", "evaluate.umap_points"})
    CHECK_FALSE(has(key));
}

TEST_CASE("the ID changes if and only if a key that changes results does") {
  auto const id = sweep::trial_id(default_trial());
  auto same = default_trial();
  same.train.resume_every = 1;
  same.evaluate.activations = true;
  same.data.path_seed = 42;  // the default, set explicitly
  CHECK(sweep::trial_id(same) == id);
  auto other = default_trial();
  other.train.gate_lr_factor = 0.1;
  CHECK(sweep::trial_id(other) != id);
  other = default_trial();
  other.train.seed = 43;
  CHECK(sweep::trial_id(other) != id);
  CHECK(sweep::data_hash(other) == sweep::data_hash(default_trial()));
}

TEST_CASE("keys added later change the ID only if they are not at their defaults") {
  auto const id = sweep::trial_id(default_trial());
  auto trial = default_trial();
  config::set_text(trial, "train.slowness_lambda=0");
  config::set_text(trial, "train.contrastive_temp=0.07");
  CHECK(sweep::trial_id(trial) == id);
  std::set<std::string> ids{id};
  std::vector<std::string> const changes{"train.freeze_a=true",           "train.slowness_lambda=0.1",
                                         "train.contrastive_lambda=1",    "train.contrastive_temp=0.2",
                                         "train.contrastive_negatives=8", "train.aug_rotate=true",
                                         "train.aug_rotate_eps=0.1",      "train.aug_scale=0.2",
                                         "train.aug_noise=0.5",           "data.drift_std=0.5"};
  for (auto const& change : changes) {
    INFO(change);
    trial = default_trial();
    config::set_text(trial, change);
    CHECK(ids.insert(sweep::trial_id(trial)).second);
    auto const text = sweep::canonical_text(trial);
    CHECK(text.find(change + "\n") != std::string::npos);
    CHECK(text.size() == sweep::canonical_text(default_trial()).size() + change.size() + 1);  // one line more
  }
}

TEST_CASE("the hash of a foreign series replaces all [data] keys") {
  auto trial = default_trial();
  auto const hash = std::string(64, 'a');
  auto const id = sweep::trial_id(trial, {hash});
  CHECK(id != sweep::trial_id(trial));
  trial.data.n_steps = 7;
  CHECK(sweep::trial_id(trial, {hash}) == id);
  auto const text = sweep::canonical_text(trial, {hash});
  CHECK(text.starts_with("data.sha256=" + hash + "\nmodel."));
}

TEST_CASE("keys of recordings are part of the ID of a trial on one, if they are not at their default") {
  auto trial = default_trial();
  auto const hash = std::string(64, 'a');
  auto const id = sweep::trial_id(trial, {hash});
  trial.data.array = "x";  // the hash tells arrays apart
  trial.data.labels = "state";
  trial.data.sampling_rate = 250;
  CHECK(sweep::trial_id(trial, {hash}) == id);
  // The same values as ten trials have other windows.
  CHECK(sweep::canonical_text(trial, {hash, 10}).starts_with("data.sha256=" + hash + "\ndata.trials=10\nmodel."));
  CHECK(sweep::data_hash(trial, {hash, 10}) != sweep::data_hash(trial, {hash}));
  trial.data.standardise = true;
  trial.data.test_fraction = 0.1;
  CHECK(sweep::canonical_text(trial, {hash})
            .starts_with("data.sha256=" + hash + "\ndata.standardise=true\ndata.test_fraction=0.1\nmodel."));
  CHECK(sweep::trial_id(trial) == default_id);
}
