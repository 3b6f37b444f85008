#include "train/objective.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "gpu/device.hpp"
#include "gpu/learner.hpp"
#include "gpu/tensors.hpp"
#include "kernels/cuda/device_array.hpp"
#include "support/reference.hpp"
#include "train/losses/contrastive.hpp"
#include "trial/small_trial.hpp"
#include "trial/stopped_runs.hpp"

using namespace mambasynth;

namespace {

std::unique_ptr<train::Learner> on_gpu(train::LearnerContext const& context) {
  return gpu::learner(context, [](std::string const& note) { FAIL(note); });
}
std::unique_ptr<train::Learner> without_graphs(train::LearnerContext const& context) {
  return gpu::learner(context, {}, false);
}

using Change = std::function<void(config::Train&)>;
struct Named {
  char const* name;
  Change change;
  bool parts = true;  ///< a batch may come in parts
};

/// Every key alone, and all together.
std::vector<Named> objectives() {
  auto const contrastive = [](auto& t) {
    t.contrastive_lambda = 0.7;
    t.contrastive_temp = 0.2;
    t.contrastive_negatives = 9;
  };
  return {{"slowness", [](auto& t) { t.slowness_lambda = 3; }},
          {"contrastive", contrastive, false},
          {"rotation", [](auto& t) { t.aug_rotate = true; }},
          {"small rotation", [](auto& t) { t.aug_rotate = true, t.aug_rotate_eps = 0.3; }},
          {"scale", [](auto& t) { t.aug_scale = 0.4; }},
          {"noise", [](auto& t) { t.aug_noise = 0.8; }},
          {"all but contrastive",
           [](auto& t) { t.slowness_lambda = 3, t.aug_rotate = true, t.aug_scale = 0.4, t.aug_noise = 0.8; }},
          {"all",
           [=](auto& t) {
             contrastive(t), t.slowness_lambda = 3, t.aug_rotate = true, t.aug_scale = 0.4, t.aug_noise = 0.8;
           },
           false}};
}

/// Ten windows in batches of four: the third batch is short.
config::Trial short_trial() {
  auto trial = tests::small_trial();
  trial.model.max_horizon = 2;
  trial.model.dropout = 0.2;
  trial.train.batch_size = 4;
  return trial;
}

struct Steps {
  std::vector<train::StepReport> reports;
  at::Tensor change;  ///< of the parameters
};

/// Two epochs' steps.
Steps steps_of(config::Trial const& trial, train::LearnerFactory const& factory, std::int64_t micro_batch = 0) {
  train::DataSplits splits;
  splits.train.length = 24;
  splits.train.series =
      at::randn({300, 5}, at::detail::createCPUGenerator(8), at::TensorOptions().dtype(at::kFloat)) * 2;
  for (std::int64_t i = 0; i < 10; ++i) splits.train.starts.push_back(i * 27);
  auto network = model::untrained_network(trial.model, 5, 1);
  auto const before = network.flat().clone();
  train::Optimizer optimizer(network);
  parallel::Group alone;
  train::LearnerContext const context{trial, splits, network, optimizer, alone, micro_batch};
  auto const learner = factory(context);
  Steps all;
  for (std::vector<std::int64_t> const& order :
       {std::vector<std::int64_t>{3, 1, 4, 0, 5, 9, 2, 6, 8, 7}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}) {
    learner->begin({order, train::learning_rates(3e-3, 1e-3), 0});
    for (int i = 0; i < 3; ++i) learner->step();
    for (auto const& report : learner->reports()) all.reports.push_back(report);
  }
  learner->sync_to_host();
  all.change = network.flat() - before;
  return all;
}

void check_close(Steps const& found, Steps const& expected, double tolerance) {
  REQUIRE(found.reports.size() == 6);
  REQUIRE(expected.reports.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    INFO("step " << i);
    auto const& f = found.reports[i];
    auto const& e = expected.reports[i];
    CHECK(std::abs(f.loss - e.loss) <= tolerance * e.loss);
    CHECK(std::abs(f.gradient_norm - e.gradient_norm) <= 10 * tolerance * e.gradient_norm);
  }
  // AdamW magnifies rounding errors of gradients that are nearly zero.
  CHECK((found.change - expected.change).norm().item<double>() <=
        100 * tolerance * expected.change.norm().item<double>());
}

}  // namespace

TEST_CASE("Each objective's steps on the GPU match the CPU's, including a short batch, micro-batches and dropout",
          "[gpu]") {
  tests::require_gpu();
  auto const plain = steps_of(short_trial(), train::host_learner);
  check_close(steps_of(short_trial(), on_gpu), plain, 1e-5);
  for (auto const& [name, change, in_parts] : objectives()) {
    INFO(name);
    auto trial = short_trial();
    change(trial.train);
    auto const host = steps_of(trial, train::host_learner);
    CHECK(std::abs(host.reports[0].loss - plain.reports[0].loss) > 1e-4 * plain.reports[0].loss);
    check_close(steps_of(trial, on_gpu), host, 1e-5);
    if (in_parts)
      for (std::int64_t const at_once : {1, 3}) {
        INFO(at_once << " windows at once");
        check_close(steps_of(trial, on_gpu, at_once), host, 1e-5);
      }
    trial.train.precision = "bf16";
    auto const half = steps_of(trial, on_gpu);
    for (std::size_t i = 0; i < 6; ++i)
      CHECK(std::abs(half.reports[i].loss - host.reports[i].loss) <= 2e-2 * host.reports[i].loss);
  }
}

TEST_CASE("An objective's steps are bit-identical in every run, captured or not", "[gpu]") {
  tests::require_gpu();
  for (auto const* precision : {"fp32", "bf16"}) {
    INFO(precision);
    auto trial = short_trial();
    objectives().back().change(trial.train);
    trial.train.precision = precision;
    auto const once = steps_of(trial, on_gpu), again = steps_of(trial, on_gpu), eager = steps_of(trial, without_graphs);
    CHECK(at::equal(once.change, again.change));
    CHECK(at::equal(once.change, eager.change));
    for (std::size_t i = 0; i < 6; ++i) CHECK(once.reports[i].loss == eager.reports[i].loss);
  }
}

TEST_CASE("Training for every objective that is stopped within an epoch and continued ends bit-identical", "[gpu]") {
  tests::require_gpu();
  auto trial = tests::small_trial();
  objectives().back().change(trial.train);
  tests::TemporaryFolder const whole, broken, host;
  auto const unbroken = tests::train_with_stops(trial, whole.path(), {}, on_gpu);
  tests::check_equal(unbroken, tests::train_with_stops(trial, broken.path(), {2, 2, 0, 0, 5}, on_gpu));
  auto const on_host = tests::train_with_stops(trial, host.path(), {});
  for (std::size_t i = 0; i < on_host.history.size(); ++i) {
    INFO("epoch " << i + 1);
    CHECK(std::abs(unbroken.history[i].train_mse - on_host.history[i].train_mse) <=
          1e-4 * on_host.history[i].train_mse);
    CHECK(std::abs(unbroken.history[i].val_mse - on_host.history[i].val_mse) <= 1e-4 * on_host.history[i].val_mse);
  }
}

TEST_CASE("The closed form of the contrastive loss on the GPU matches the CPU's, even in pieces", "[gpu]") {
  tests::require_gpu();
  gpu::use_exact_products();
  auto const h = at::randn({30, 700, 128}, at::detail::createCPUGenerator(2), at::TensorOptions().dtype(at::kFloat));
  train::losses::Contrastive const loss(1, 0.1, 600);
  // Of 30 rows: each about 20 times.
  auto const negatives = loss.draw({.windows = 30, .time = 1, .layers = 1}, train::PhiloxStream(1, 2))[0];
  auto const added = [&](at::Tensor const& h) {
    auto const sums = at::zeros({30}, h.options().dtype(at::kDouble)), dh = at::zeros_like(h);
    loss.add_gradient({.h = h, .dh = dh, .drawn = negatives.to(h.device())}, 0.5, sums);
    return std::pair(sums.cpu(), dh.cpu().to(at::kDouble));
  };
  for (auto const& [dtype, tolerance] : {std::pair{at::kFloat, 1e-5}, {at::kBFloat16, 1e-2}}) {
    INFO(at::toString(dtype));
    auto const narrow = h.to(at::kCUDA, dtype);
    auto const here = added(narrow.cpu().to(at::kDouble));
    auto const there = added(narrow), again = added(narrow);
    CHECK((there.first - here.first).abs().max().item<double>() <= tolerance * here.first.abs().max().item<double>());
    CHECK((there.second - here.second).abs().max().item<double>() <=
          tolerance * here.second.abs().max().item<double>());
    CHECK(at::equal(there.second, again.second));
    CHECK(at::equal(there.first, again.first));
    CHECK_FALSE(at::globalContext().allowTF32CuBLAS());
  }
}

TEST_CASE("Contrastive micro-batches are refused on the GPU before anything runs", "[gpu]") {
  auto trial = short_trial();
  trial.train.contrastive_lambda = 1;
  CHECK_THROWS_WITH(steps_of(trial, on_gpu, 3),
                    Catch::Matchers::ContainsSubstring("train.contrastive_lambda is not available with micro-batches"));
}
