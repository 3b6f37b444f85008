#include "train/trainer.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "support/reference.hpp"
#include "train/gradient_buckets.hpp"
#include "train/log.hpp"
#include "trial/small_trial.hpp"
#include "trial/stopped_runs.hpp"

using namespace mambasynth;

TEST_CASE("a stopped and continued training is bit-identical to a whole one") {
  for (auto const workers : {std::int64_t{0}, std::int64_t{3}}) {
    auto trial = tests::small_trial();
    trial.train.num_workers = workers;
    trial.train.train_eval = true;
    tests::TemporaryFolder const whole, broken;
    auto const unbroken = tests::train_with_stops(trial, whole.path(), {});
    // In the middle of an epoch, at its start, and twice without progress.
    tests::check_equal(unbroken, tests::train_with_stops(trial, broken.path(), {2, 2, 0, 0, 5}));
  }
}

TEST_CASE("the loss falls") {
  tests::TemporaryFolder const folder;
  auto trial = tests::small_trial();
  trial.train.epochs = 20;
  trial.train.lr = 1e-2;
  auto const run = tests::train_with_stops(trial, folder.path(), {});
  CHECK(run.history.back().val_mse < 0.8 * run.history.front().val_mse);
  CHECK(std::isnan(run.history[0].test_mse));
  CHECK(run.history[1].test_mse > 0);
  CHECK(run.history.back().test_mse > 0);
}

TEST_CASE("a factor of 0 freezes the gates exactly; with the original's floor it does not") {
  for (std::string const floor : {"group", "global"}) {
    auto trial = tests::small_trial();
    trial.train.gate_lr_factor = 0;
    trial.train.lr_floor = floor;
    tests::TemporaryFolder const folder;
    auto const data = trial::load_data(trial, {}, 1);
    train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}});
    auto const before = trainer.network().flat().clone();
    trainer.run();
    for (auto const& parameter : trainer.network().parameters()) {
      auto const was = before.narrow(0, parameter.offset, parameter.tensor.numel());
      bool const same = at::equal(was, parameter.tensor.detach().flatten());
      INFO(floor << " " << parameter.name);
      CHECK(same == (parameter.group == model::ParameterGroup::gates && floor == "group"));
    }
  }
}

TEST_CASE("the saved state of another configuration is refused") {
  auto const trial = tests::small_trial();
  tests::TemporaryFolder const folder;
  auto const data = trial::load_data(trial, {}, 1);
  train::Trainer(trial, data.splits, {folder.path(), {}, "one", {}, [] { return true; }}).run();
  CHECK_THROWS_WITH(train::Trainer(trial, data.splits, {folder.path(), {}, "two", {}, {}}),
                    Catch::Matchers::ContainsSubstring("belongs to another configuration"));
}

TEST_CASE("a loss that is not finite ends the training as diverged") {
  auto trial = tests::small_trial();
  trial.train.lr = 1e30;
  tests::TemporaryFolder const folder;
  auto const data = trial::load_data(trial, {}, 1);
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}});
  CHECK(trainer.run() == train::Ending::diverged);
  CHECK_THAT(trainer.reason(), Catch::Matchers::ContainsSubstring("is not finite at epoch"));
}

namespace {

/// Reports prescribed losses and learns nothing.
class ScriptedLearner : public train::Learner {
 public:
  explicit ScriptedLearner(std::vector<double> losses) : losses_(std::move(losses)) {}
  void begin(Epoch) override {}
  void step() override { ++steps_; }
  std::vector<train::StepReport> reports() override {
    std::vector<train::StepReport> all;
    for (; reported_ < steps_; ++reported_) all.push_back({losses_[std::min(reported_, losses_.size() - 1)], 1.0});
    return all;
  }
  double mean_batch_loss(train::Windows const&, std::vector<std::int64_t> const&) override { return 1; }
  double mean_error(train::Windows const&) override { return 1; }
  void snapshot_best() override {}
  void restore_best(model::Network&, train::Optimizer&) override {}
  void sync_to_host() override {}

 private:
  std::vector<double> losses_;
  std::size_t steps_ = 0, reported_ = 0;
};

}  // namespace

TEST_CASE("a loss above 100 times the first batch's ends the training as diverged; a smaller one does not") {
  auto const trial = tests::small_trial();
  auto const data = trial::load_data(trial, {}, 1);
  auto const ending = [&](double worst, std::string& reason) {
    tests::TemporaryFolder const folder;
    train::Trainer trainer(trial, data.splits,
                           {folder.path(), {}, "id", {}, {}, [&](train::LearnerContext const&) {
                              return std::make_unique<ScriptedLearner>(std::vector{2.0, worst, 2.0});
                            }});
    auto const end = trainer.run();
    reason = trainer.reason();
    return end;
  };
  std::string reason;
  CHECK(ending(201, reason) == train::Ending::diverged);
  CHECK_THAT(reason, Catch::Matchers::ContainsSubstring("is above 100 times the first batch's at epoch 1, batch 2"));
  CHECK(ending(199, reason) == train::Ending::finished);
}

TEST_CASE("micro-batches give the curve of whole batches, dropout included, up to rounding") {
  auto trial = tests::small_trial();
  trial.model.dropout = 0.2;
  trial.model.max_horizon = 2;
  auto const data = trial::load_data(trial, {}, 1);
  auto const curve = [&](std::int64_t micro_batch) {
    tests::TemporaryFolder const folder;
    train::TrainerOptions options{
        .folder = folder.path(), .extra_checkpoint = {}, .identity = "id", .epoch_done = {}, .stop_requested = {}};
    options.micro_batch = micro_batch;
    train::Trainer trainer(trial, data.splits, options);
    REQUIRE(trainer.run() == train::Ending::finished);
    return trainer.progress().history;
  };
  auto const whole = curve(0);
  for (std::int64_t const at_once : {1, 5, 16}) {
    auto const parts = curve(at_once);
    REQUIRE(parts.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(std::abs(parts[i].train_mse - whole[i].train_mse) <= 1e-5 * whole[i].train_mse);
      CHECK(std::abs(parts[i].val_mse - whole[i].val_mse) <= 1e-5 * whole[i].val_mse);
      if (at_once == 16) CHECK(parts[i].val_mse == whole[i].val_mse);
    }
  }
}

TEST_CASE("the gradient buckets cover the gradient exactly once, from its end to its start, one layer each") {
  auto const trial = tests::small_trial();
  model::Network const network(trial.model, 5);
  auto const all = train::gradient_buckets(network);
  REQUIRE(all.size() == static_cast<std::size_t>(trial.model.n_layers) + 1);
  CHECK(all.front().last == network.flat().numel());
  CHECK(all.front().first == network.parameter("final_norm.weight").offset);
  CHECK(all.back().first == 0);
  CHECK(all.back().last == network.parameter("layers.1.norm.weight").offset);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i].last == all[i - 1].first);
}
