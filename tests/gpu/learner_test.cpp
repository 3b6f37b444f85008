#include "gpu/learner.hpp"

#include <ATen/ATen.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <thread>

#include "gpu/all_reduce.hpp"
#include "gpu/device.hpp"
#include "gpu/tensors.hpp"
#include "gpu/training_step.hpp"
#include "kernels/cuda/device_array.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"
#include "trial/mini_run.hpp"
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

}  // namespace

TEST_CASE("Ten epochs on the GPU follow the original's curve, gradients and weights", "[gpu]") {
  tests::require_gpu();
  tests::check_mini_run(on_gpu);
}

TEST_CASE("Training on the GPU that is stopped and continued is bit-identical to an uninterrupted one", "[gpu]") {
  tests::require_gpu();
  for (auto const* precision : {"fp32", "bf16"}) {
    INFO(precision);
    auto trial = tests::small_trial();
    trial.train.precision = precision;
    trial.train.train_eval = true;
    tests::TemporaryFolder const whole, broken, eager;
    auto const unbroken = tests::train_with_stops(trial, whole.path(), {}, on_gpu);
    tests::check_equal(unbroken, tests::train_with_stops(trial, broken.path(), {2, 2, 0, 0, 5}, on_gpu));
    tests::check_equal(unbroken, tests::train_with_stops(trial, eager.path(), {3}, without_graphs));
  }
}

TEST_CASE("Trainings that share the GPU in one process are bit-identical to each alone", "[gpu]") {
  tests::require_gpu();
  auto const trial_of = [](std::size_t i) {
    auto trial = tests::small_trial();
    trial.train.precision = i % 2 == 0 ? "bf16" : "fp32";
    trial.train.seed = static_cast<std::int64_t>(i / 2);
    trial.model.dropout = 0.1;
    trial.model.d_state = i < 2 ? 16 : 4;
    trial.train.batch_size = 7;  // a last batch of another size, and so a second capture
    return trial;
  };
  constexpr std::size_t count = 4;
  auto const data = trial::load_data(trial_of(0), {}, 1);
  struct Ending {
    at::Tensor weights;
    std::vector<double> losses;
    std::vector<std::string> notes;
  };
  // Catch2's assertions must stay on one thread.
  auto const train = [&](std::size_t i, Ending& ending) {
    gpu::use_card(0);
    tests::TemporaryFolder const folder;
    train::Trainer trainer(trial_of(i), data.splits,
                           {folder.path(),
                            {},
                            "id",
                            {},
                            [] { return false; },
                            [&](train::LearnerContext const& context) {
                              return gpu::learner(context,
                                                  [&](std::string const& note) { ending.notes.push_back(note); });
                            }});
    trainer.run();
    for (auto const& epoch : trainer.progress().history) ending.losses.push_back(epoch.val_mse);
    ending.weights = trainer.network().flat().clone();
  };
  std::array<Ending, count> alone, together;
  for (std::size_t i = 0; i < count; ++i) train(i, alone[i]);
  for (int round = 0; round < 3; ++round) {
    together = {};
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&, i] { train(i, together[i]); });
    }
    for (std::size_t i = 0; i < count; ++i) {
      INFO("round " << round << ", training " << i);
      CHECK(together[i].notes.empty());
      CHECK(together[i].losses == alone[i].losses);
      CHECK(at::equal(together[i].weights, alone[i].weights));
    }
  }
}

TEST_CASE("Consecutive trainings on a thread reuse the GPU memory of the previous one", "[gpu]") {
  tests::require_gpu();
  auto const trial = tests::small_trial();
  auto const reserved = [] {
    auto const stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
    return stats.reserved_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].current;
  };
  tests::TemporaryFolder const folders[4];
  tests::train_with_stops(trial, folders[0].path(), {}, on_gpu);
  tests::train_with_stops(trial, folders[1].path(), {}, on_gpu);
  auto const before = reserved();
  tests::train_with_stops(trial, folders[2].path(), {}, on_gpu);
  tests::train_with_stops(trial, folders[3].path(), {}, on_gpu);
  CHECK(reserved() == before);
}

TEST_CASE("The GPU's training curve matches the CPU's, including dropout", "[gpu]") {
  tests::require_gpu();
  auto trial = tests::small_trial();
  trial.model.max_horizon = 3;
  tests::TemporaryFolder const host, card, half;
  auto const on_host = tests::train_with_stops(trial, host.path(), {});
  auto const on_card = tests::train_with_stops(trial, card.path(), {}, on_gpu);
  trial.train.precision = "bf16";
  auto const in_bf16 = tests::train_with_stops(trial, half.path(), {}, on_gpu);
  REQUIRE(on_host.history.size() == on_card.history.size());
  for (std::size_t i = 0; i < on_host.history.size(); ++i) {
    auto const& h = on_host.history[i];
    auto const& g = on_card.history[i];
    auto const& b = in_bf16.history[i];
    INFO("epoch " << h.epoch);
    CHECK(std::abs(g.train_mse - h.train_mse) <= 1e-5 * h.train_mse);
    CHECK(std::abs(g.val_mse - h.val_mse) <= 1e-5 * h.val_mse);
    CHECK((std::isnan(h.test_mse) ? std::isnan(g.test_mse) : std::abs(g.test_mse - h.test_mse) <= 1e-5 * h.test_mse));
    CHECK(std::abs(g.last_gradient_norm - h.last_gradient_norm) <= 1e-4 * h.last_gradient_norm);
    CHECK(std::abs(b.val_mse - h.val_mse) <= 5e-3 * h.val_mse);
  }
}

TEST_CASE("Micro-batches give the GPU's training curve of whole batches up to rounding, including dropout", "[gpu]") {
  tests::require_gpu();
  auto trial = tests::small_trial();
  trial.model.max_horizon = 3;
  trial.model.dropout = 0.2;
  auto const data = trial::load_data(trial, {}, 1);
  auto const curve = [&](std::int64_t micro_batch) {
    tests::TemporaryFolder const folder;
    train::TrainerOptions options{.folder = folder.path(),
                                  .extra_checkpoint = {},
                                  .identity = "id",
                                  .epoch_done = {},
                                  .stop_requested = {},
                                  .learner = on_gpu};
    options.micro_batch = micro_batch;
    train::Trainer trainer(trial, data.splits, options);
    REQUIRE(trainer.run() == train::Ending::finished);
    return trainer.progress().history;
  };
  auto const whole = curve(0);
  for (std::int64_t const at_once : {1, 5, 16}) {
    auto const parts = curve(at_once);
    INFO(at_once << " windows at once");
    REQUIRE(parts.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(std::abs(parts[i].train_mse - whole[i].train_mse) <= 1e-5 * whole[i].train_mse);
      CHECK(std::abs(parts[i].val_mse - whole[i].val_mse) <= 1e-5 * whole[i].val_mse);
      CHECK(std::abs(parts[i].last_gradient_norm - whole[i].last_gradient_norm) <= 1e-4 * whole[i].last_gradient_norm);
    }
  }
}

TEST_CASE("NCCL over one rank leaves values unchanged, launched or captured, and can be finished or abandoned",
          "[gpu]") {
  tests::require_gpu();
  parallel::Group alone;
  auto const values = at::randn({1000}, gpu::on_gpu(at::kFloat));
  auto const before = values.clone();
  c10::cuda::CUDAStreamGuard const here(c10::cuda::getStreamFromPool());
  for (bool const orderly : {true, false}) {
    gpu::AllReduce sum(alone);
    auto const once = [&] {
      sum.begin(values.mutable_data_ptr<float>(), values.numel());
      sum.join();
    };
    once();
    {
      at::cuda::CUDAGraph graph;
      graph.capture_begin();
      once();
      graph.capture_end();
      graph.replay();
      sum.waiting([&] { c10::cuda::getCurrentCUDAStream().synchronize(); });
    }
    CHECK(at::equal(values, before));
    if (orderly) sum.finish();
    else sum.abandon();
  }
}

TEST_CASE("A step that cannot be captured is launched kernel by kernel, with a note", "[gpu]") {
  tests::require_gpu();
  auto const trial = tests::small_trial();
  auto const network = tests::small_network(5, 1);
  auto const x = at::randn({40, 5});
  auto const starts = at::tensor(std::vector<std::int64_t>{0, 3}).to(at::kCUDA);
  auto const trained = [&](bool capturable) {
    // LibTorch cannot capture on a default stream.
    auto const stream = capturable ? c10::cuda::getStreamFromPool() : c10::cuda::getDefaultCUDAStream();
    c10::cuda::CUDAStreamGuard const here(stream);
    std::string told;
    gpu::TrainingStep<float> step(
        network, {.batch = 2, .time = 16, .training = true}, {.dropout = trial.model.dropout, .seed = 1},
        [&](std::string const& note) { told += note; }, /*graphs=*/true);
    step.windows() = {x.to(at::kCUDA), starts};
    step.set_state(0, 0, train::learning_rates(1e-3, 1e-3));
    step.run(2);
    CHECK(told.empty() == capturable);
    return step.snapshot().parameters.cpu();
  };
  auto const captured = trained(true);
  CHECK(at::equal(captured, trained(false)));
  CHECK_FALSE(at::equal(captured, network.flat()));
}

TEST_CASE("Frozen gates stay bit for bit unchanged on the GPU", "[gpu]") {
  tests::require_gpu();
  auto trial = tests::small_trial();
  trial.train.gate_lr_factor = 0;
  trial.train.precision = "bf16";
  tests::TemporaryFolder const folder;
  auto const data = trial::load_data(trial, {}, 1);
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}, on_gpu});
  auto const before = trainer.network().flat().clone();
  REQUIRE(trainer.run() == train::Ending::finished);
  for (auto const& p : trainer.network().parameters()) {
    INFO(p.name);
    auto const part = [&](at::Tensor const& flat) { return flat.narrow(0, p.offset, p.tensor.numel()); };
    CHECK(at::equal(part(trainer.network().flat()), part(before)) == (p.group == model::ParameterGroup::gates));
  }
}

TEST_CASE("A frozen A stays bit for bit unchanged on the GPU, and the curve matches the CPU's", "[gpu]") {
  tests::require_gpu();
  auto trial = tests::small_trial();
  trial.train.freeze_a = true;
  tests::TemporaryFolder const host, card;
  auto const on_host = tests::train_with_stops(trial, host.path(), {});
  auto const data = trial::load_data(trial, {}, 1);
  train::Trainer trainer(trial, data.splits, {card.path(), {}, "id", {}, {}, on_gpu});
  auto const before = trainer.network().flat().clone();
  REQUIRE(trainer.run() == train::Ending::finished);
  for (auto const& p : trainer.network().parameters()) {
    INFO(p.name);
    auto const part = [&](at::Tensor const& flat) { return flat.narrow(0, p.offset, p.tensor.numel()); };
    CHECK(at::equal(part(trainer.network().flat()), part(before)) == (p.group == model::ParameterGroup::A));
  }
  auto const& history = trainer.progress().history;
  REQUIRE(history.size() == on_host.history.size());
  for (std::size_t i = 0; i < history.size(); ++i)
    CHECK(std::abs(history[i].val_mse - on_host.history[i].val_mse) <= 1e-5 * on_host.history[i].val_mse);
}

TEST_CASE("A loss that is not finite stops training on the GPU, and the reason names the batch", "[gpu]") {
  tests::require_gpu();
  auto trial = tests::small_trial();
  tests::TemporaryFolder const folder;
  auto data = trial::load_data(trial, {}, 1);
  data.splits.train.series = data.splits.train.series.clone();
  data.splits.train.series.fill_(std::numeric_limits<float>::quiet_NaN());
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}, on_gpu});
  REQUIRE(trainer.run() == train::Ending::diverged);
  CHECK_THAT(trainer.reason(), Catch::Matchers::ContainsSubstring("epoch 1, batch 1"));
}
