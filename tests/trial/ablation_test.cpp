#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "errors/errors.hpp"
#include "support/reference.hpp"
#include "train/trainer.hpp"
#include "trial/small_trial.hpp"
#include "trial/stopped_runs.hpp"

using namespace mambasynth;

namespace {

/// Every augmentation and auxiliary loss whose parts add up.
config::Trial changed_trial() {
  auto trial = tests::small_trial();
  trial.train.slowness_lambda = 0.5;
  trial.train.aug_rotate = true;
  trial.train.aug_rotate_eps = 0.1;
  trial.train.aug_scale = 0.2;
  trial.train.aug_noise = 1;
  return trial;
}

std::vector<train::EpochRecord> curve(config::Trial const& trial, std::int64_t micro_batch) {
  auto const data = trial::load_data(trial, {}, 1);
  tests::TemporaryFolder const folder;
  train::TrainerOptions options{
      .folder = folder.path(), .extra_checkpoint = {}, .identity = "id", .epoch_done = {}, .stop_requested = {}};
  options.micro_batch = micro_batch;
  train::Trainer trainer(trial, data.splits, options);
  REQUIRE(trainer.run() == train::Ending::finished);
  return trainer.progress().history;
}

}  // namespace

TEST_CASE("a frozen A does not change while all else does, and its gradient still counts in the norm") {
  auto trial = tests::small_trial();
  auto const data = trial::load_data(trial, {}, 1);
  tests::TemporaryFolder const folder, other;
  auto const free = tests::train_with_stops(trial, other.path(), {});
  trial.train.freeze_a = true;
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}});
  auto const before = trainer.network().flat().clone();
  REQUIRE(trainer.run() == train::Ending::finished);
  int frozen = 0;
  for (auto const& parameter : trainer.network().parameters()) {
    INFO(parameter.name);
    auto const was = before.narrow(0, parameter.offset, parameter.tensor.numel());
    bool const is_A = parameter.name.ends_with("A_log");
    CHECK(at::equal(was, parameter.tensor.detach().flatten()) == is_A);
    CHECK_FALSE(at::equal(was, free.weights.narrow(0, parameter.offset, parameter.tensor.numel())));
    frozen += is_A;
  }
  CHECK(frozen == trial.model.n_layers);
  CHECK(trainer.progress().history[0].first_gradient_norm == free.history[0].first_gradient_norm);
}

TEST_CASE("the documented reservoir run freezes the number of parameters that the original documents") {
  model::Network const network({}, 20);
  std::int64_t frozen = 0, free = 0;
  for (auto const& parameter : network.parameters())
    (parameter.group != model::ParameterGroup::base ? frozen : free) += parameter.tensor.numel();
  CHECK(frozen == 202'496);
  CHECK(free == 779'924);
}

TEST_CASE("with augmentations and auxiliary losses, a stopped and continued training is bit-identical to a whole one") {
  auto trial = changed_trial();
  trial.train.contrastive_lambda = 0.5;
  trial.train.contrastive_negatives = 9;
  trial.train.freeze_a = true;
  tests::TemporaryFolder const whole, broken;
  auto const unbroken = tests::train_with_stops(trial, whole.path(), {});
  tests::check_equal(unbroken, tests::train_with_stops(trial, broken.path(), {2, 2, 0, 0, 5}));
  CHECK(unbroken.history.front().train_mse != curve(tests::small_trial(), 0).front().train_mse);
}

TEST_CASE("with augmentations and slowness, micro-batches give the curve of whole batches up to rounding") {
  auto const trial = changed_trial();
  auto const whole = curve(trial, 0);
  for (std::int64_t const at_once : {1, 5}) {
    auto const parts = curve(trial, at_once);
    REQUIRE(parts.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(std::abs(parts[i].train_mse - whole[i].train_mse) <= 1e-5 * whole[i].train_mse);
      CHECK(std::abs(parts[i].val_mse - whole[i].val_mse) <= 1e-5 * whole[i].val_mse);
    }
  }
}

TEST_CASE("the contrastive loss is refused with micro-batches") {
  auto trial = tests::small_trial();
  trial.train.contrastive_lambda = 0.5;
  CHECK_THROWS_WITH(curve(trial, 5),
                    Catch::Matchers::ContainsSubstring("train.contrastive_lambda is not available with micro-batches"));
  CHECK(curve(trial, trial.train.batch_size).size() == 5);
}

TEST_CASE("the validation loss contains no auxiliary terms") {
  auto trial = tests::small_trial();
  trial.train.lr = 0;
  auto const plain = curve(trial, 0);
  trial.train.slowness_lambda = 100;
  auto const slow = curve(trial, 0);
  CHECK(slow[0].val_mse == plain[0].val_mse);
  CHECK(slow[0].train_mse > plain[0].train_mse);
}

namespace {

/// Pulls every weight of the input projection toward 1.
class PullToOne final : public train::Objective {
 public:
  [[nodiscard]] at::Tensor loss(model::Network const& network, at::Tensor const&,
                                model::DropoutKey const&) const override {
    auto const off = network.weights().input_weight - 1;
    return at::mean(off * off);
  }
};

}  // namespace

TEST_CASE("the trainer accepts any objective") {
  auto trial = tests::small_trial();
  trial.train.epochs = 40;
  trial.train.warmup_epochs = 0;
  trial.train.lr = 5e-2;
  auto const data = trial::load_data(trial, {}, 1);
  tests::TemporaryFolder const folder;
  auto const learner = [](train::LearnerContext const& context) {
    return train::host_learner_with(context, std::make_unique<PullToOne>());
  };
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}, learner});
  REQUIRE(trainer.run() == train::Ending::finished);
  auto const& history = trainer.progress().history;
  CHECK(history.back().train_mse < 0.1 * history.front().train_mse);
}
