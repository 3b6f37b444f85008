#include <catch2/catch_test_macros.hpp>

#include "model/state_dict.hpp"
#include "support/reference.hpp"
#include "train/log.hpp"
#include "train/trainer.hpp"
#include "trial/data.hpp"
#include "trial/small_trial.hpp"

using namespace mambasynth;
using store::pt::Value;

namespace {

std::vector<std::string> keys_of(Value const& dict) {
  std::vector<std::string> keys;
  for (auto const& [key, value] : dict.items()) keys.push_back(std::get<std::string>(key.v));
  return keys;
}

}  // namespace

TEST_CASE("a checkpoint has exactly the original's keys") {
  auto trial = tests::small_trial();
  trial.train.epochs = 2;
  tests::TemporaryFolder const folder;
  auto const data = trial::load_data(trial, {}, 1);
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}});
  trainer.run();
  auto const ours = store::pt::load(folder.path() / train::checkpoint_name);
  CHECK(keys_of(ours) == std::vector<std::string>{"epoch", "model_state_dict", "optimizer_state_dict", "train_loss",
                                                  "val_loss", "args"});
  auto const theirs_file = tests::reference_file("model_next.pt");
  if (theirs_file.empty()) SKIP("skipped: the original's checkpoint is not there (MAMBASYNTH_REFERENCE)");
  auto const theirs = store::pt::load(theirs_file);
  CHECK(keys_of(*ours.find("args")) == keys_of(*theirs.find("args")));
  auto const group = [](Value const& checkpoint) {
    return std::get<store::pt::List>(checkpoint.find("optimizer_state_dict")->find("param_groups")->v).front();
  };
  CHECK(keys_of(group(ours)) == keys_of(group(theirs)));
  auto const moments = [](Value const& checkpoint) {
    return checkpoint.find("optimizer_state_dict")->find("state")->items().front().second;
  };
  CHECK(keys_of(moments(ours)) == keys_of(moments(theirs)));
}

TEST_CASE("the original's optimizer state loads and is written back bit for bit") {
  auto const file = tests::reference_file("model_next.pt");
  if (file.empty()) SKIP("skipped: the original's checkpoint is not there (MAMBASYNTH_REFERENCE)");
  auto loaded = model::load_network(file);
  train::Optimizer optimizer(loaded.network);
  auto const& stored = *loaded.file.checkpoint.find("optimizer_state_dict");
  optimizer.load_state(stored, file.string());
  CHECK(optimizer.steps() == 1476);
  auto const ones = train::learning_rates(1, 1);
  auto const again = optimizer.state(ones, ones);
  auto const& before = stored.find("state")->items();
  auto const& after = again.find("state")->items();
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    for (auto const* name : {"step", "exp_avg", "exp_avg_sq"}) {
      auto const& a = std::get<store::Tensor>(before[i].second.find(name)->v);
      auto const& b = std::get<store::Tensor>(after[i].second.find(name)->v);
      CHECK(a.shape == b.shape);
      CHECK((*a.bytes == *b.bytes));
    }
}
