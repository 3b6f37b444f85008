#include "trial/pipeline.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/trial_file/trial_summary.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "model/state_dict.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"
#include "train/log.hpp"
#include "train/measure.hpp"
#include "trial/small_trial.hpp"

namespace fs = std::filesystem;
using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Three epochs of two batches. Without the measurements of layers that take long: they have tests of their own.
config::Trial quick_trial() {
  auto trial = tests::small_trial();
  trial.data.n_steps = 1500;
  trial.train.warmup_epochs = 1;
  trial.train.epochs = 3;
  trial.model.max_horizon = 2;
  trial.evaluate.lb_k = {5};
  trial.evaluate.lb_points = 200;
  trial.evaluate.umap_points = 200;
  trial.evaluate.controls = false;
  trial.evaluate.probes = false;
  trial.evaluate.similarity = false;
  return trial;
}

trial::Job job_in(fs::path const& folder, config::Trial const& trial = quick_trial()) {
  trial::Job job;
  job.trial = trial;
  job.id = "0123456789ab";
  job.folder = folder;
  return job;
}

/// Every measure of a result but the time it took.
std::map<std::string, double> measures_in(fs::path const& folder) {
  std::map<std::string, double> found;
  for (auto const& [name, value] : analysis::trial_file::read_trial(folder / trial::result_name).measures)
    if (name != "seconds") found.emplace(name, value);
  return found;
}

bool has(fs::path const& folder, char const* name) { return fs::exists(folder / name); }

}  // namespace

TEST_CASE("a trial trains, measures its best checkpoint and commits its result last") {
  tests::TemporaryFolder const folder;
  auto const trial = quick_trial();
  auto const data = trial::load_data(trial, {}, 1);
  std::vector<std::string> steps;
  auto job = job_in(folder.path(), trial);
  job.epoch_done = [&](train::EpochRecord const& record) {
    steps.push_back("epoch " + std::to_string(record.epoch) + (has(folder.path(), trial::result_name) ? " late" : ""));
  };
  job.log = [&](std::string const& line) {
    if (!line.starts_with("horizon ")) return;
    bool const is_measured = has(folder.path(), train::checkpoint_name) && !has(folder.path(), trial::result_name);
    steps.push_back(line.substr(0, line.find(':')) + (is_measured ? "" : " late"));
  };
  auto const outcome = trial::run(job, data);
  CHECK(outcome.ending == train::Ending::finished);
  CHECK(outcome.reason.empty());
  CHECK(steps == std::vector<std::string>{"epoch 1", "epoch 2", "epoch 3", "horizon 1", "horizon 2"});
  CHECK_FALSE(has(folder.path(), train::resume_name));
  CHECK_FALSE(has(folder.path(), trial::activations_name));

  auto const result = analysis::trial_file::read_trial(folder.path() / trial::result_name);
  CHECK(result.provenance.state == "done");
  CHECK(result.provenance.trial_id == job.id);
  CHECK(result.provenance.device == "cpu");
  CHECK(result.provenance.data_hash == data.sha256);
  CHECK(result.provenance.seconds > 0);
  config::Trial again;
  config::apply_text(again, result.configuration, "trial.h5");
  CHECK(config::to_toml(again) == config::to_toml(trial));

  auto measured = measures_in(folder.path());
  model::Network network(trial.model, data.splits.train.series.size(1));
  model::load_state(network, model::read_weights(folder.path() / train::checkpoint_name).weights, "checkpoint");
  constexpr std::int64_t windows = 7;  // any number: windows do not interact
  constexpr double rounding = 1e-5;
  auto const close = [](double a, double b) { return std::abs(a - b) <= rounding * std::abs(b); };
  auto const val = train::mse_by_horizon(network, data.splits.val, windows);
  auto const test = train::mse_by_horizon(network, data.splits.test, windows);
  CHECK(close(measured.at("train_mse"), train::mean(train::mse_by_horizon(network, data.splits.train, windows))));
  CHECK(close(measured.at("val_mse"), train::mean(val)));
  CHECK(close(measured.at("test_mse"), train::mean(test)));
  for (std::size_t h = 0; h < 2; ++h) {
    auto const end = ".h" + std::to_string(h + 1);
    INFO(end);
    CHECK(close(measured.at("val_mse" + end), val[h]));
    CHECK(close(measured.at("test_mse" + end), test[h]));
    CHECK(measured.at("bayes_mse" + end) > 0);
    CHECK(measured.at("excess_mse" + end) == measured.at("test_mse" + end) - measured.at("bayes_mse" + end));
    CHECK(measured.at("excess_mse" + end) > 0);
  }
  for (auto const* panel : {"input", "layer_1", "layer_2", "output"})
    CHECK(measured.contains(std::string("levina_bickel.") + panel + ".k5"));

  store::Hdf5Reader const file(folder.path() / trial::result_name);
  auto const epochs = file.read<std::int64_t>("/epoch"), best = file.read<std::int64_t>("/history/best");
  auto const val_mse = file.read<double>("/history/val_mse"), test_mse = file.read<double>("/history/test_mse");
  CHECK(epochs == std::vector<std::int64_t>{1, 2, 3});
  REQUIRE(val_mse.size() == epochs.size());
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t e = 0; e < epochs.size(); ++e) {
    INFO("epoch " << e + 1);
    CHECK((best[e] == 1) == (val_mse[e] < least));
    least = std::min(least, val_mse[e]);
    CHECK(std::isnan(test_mse[e]) == (epochs[e] % trial.train.test_every != 0 && epochs[e] != trial.train.epochs));
  }
}

TEST_CASE("a stopped trial leaves its state and no result, and the next run ends in the same result") {
  auto const trial = quick_trial();
  auto const data = trial::load_data(trial, {}, 1);
  tests::TemporaryFolder const whole, stopped;
  (void)trial::run(job_in(whole.path(), trial), data);

  auto job = job_in(stopped.path(), trial);
  int asked = 0;
  job.stop_requested = [&] { return ++asked == 4; };  // before the second batch of the second epoch
  auto const outcome = trial::run(job, data);
  CHECK(outcome.ending == train::Ending::stopped);
  CHECK(outcome.reason == "stopped on request");
  CHECK(has(stopped.path(), train::resume_name));
  CHECK_FALSE(has(stopped.path(), trial::result_name));

  std::vector<std::string> lines;
  job.log = [&](std::string const& line) { lines.push_back(line); };
  CHECK(trial::run(job, data).ending == train::Ending::finished);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.front() == "continuing at epoch 2, batch 2");
  CHECK_FALSE(has(stopped.path(), train::resume_name));
  auto const expected = measures_in(whole.path());
  CHECK(expected.size() > 20);
  CHECK(measures_in(stopped.path()) == expected);
}

TEST_CASE("a trial that fails while it measures leaves its best checkpoint and no result, and can run again") {
  auto const trial = quick_trial();
  auto const data = trial::load_data(trial, {}, 1);
  tests::TemporaryFolder const folder;
  auto job = job_in(folder.path(), trial);
  job.log = [](std::string const& line) {
    if (line.starts_with("horizon ")) throw std::runtime_error("the node is lost");
  };
  CHECK_THROWS_WITH(trial::run(job, data), "the node is lost");
  CHECK(has(folder.path(), train::checkpoint_name));
  CHECK_FALSE(has(folder.path(), trial::result_name));
  job.log = {};
  CHECK(trial::run(job, data).ending == train::Ending::finished);
  CHECK(has(folder.path(), trial::result_name));
}

TEST_CASE("a diverged trial commits its state and the reason, and measures no layers") {
  auto trial = quick_trial();
  trial.train.lr = 1e30;
  tests::TemporaryFolder const folder;
  auto const outcome = trial::run(job_in(folder.path(), trial), trial::load_data(trial, {}, 1));
  CHECK(outcome.ending == train::Ending::diverged);
  CHECK_THAT(outcome.reason, ContainsSubstring("is not finite at epoch"));
  auto const file = folder.path() / trial::result_name;
  CHECK(analysis::trial_file::read_trial(file).provenance.state == "diverged");
  CHECK(store::Hdf5Reader(file).text_attribute("/provenance", "reason") == outcome.reason);
  CHECK_FALSE(has(folder.path(), train::resume_name));
  for (auto const& [name, value] : measures_in(folder.path())) {
    INFO(name);
    CHECK(name.find("layer_") == std::string::npos);
  }
}

TEST_CASE("a trial on a foreign series has neither test series nor oracle, and its log and result give the reason") {
  tests::TemporaryFolder const folder;
  auto const trial = quick_trial();
  auto data = trial::load_data(trial, {}, 1);
  data.generated = false;
  data.foreign_reason = "there is no config.json";
  data.splits.test.starts.clear();
  std::vector<std::string> lines;
  auto job = job_in(folder.path(), trial);
  job.log = [&](std::string const& line) { lines.push_back(line); };
  CHECK(trial::run(job, data).ending == train::Ending::finished);
  CHECK(std::any_of(lines.begin(), lines.end(), [&](std::string const& line) {
    return line.starts_with("note: ") && line.find("(" + data.foreign_reason + ")") != std::string::npos;
  }));
  auto const measured = measures_in(folder.path());
  CHECK(measured.contains("val_mse"));
  for (auto const* name : {"test_mse", "test_mse.h1", "bayes_mse.h1", "excess_mse.h1"}) {
    INFO(name);
    CHECK_FALSE(measured.contains(name));
  }
  CHECK(store::Hdf5Reader(folder.path() / trial::result_name).text_attribute("/provenance", "data_foreign_because") ==
        data.foreign_reason);
}

TEST_CASE("a measurement that cannot be made is refused before training") {
  auto trial = quick_trial();
  trial.evaluate.lb_k = {5, 200};
  auto const data = trial::load_data(trial, {}, 1);
  auto const refusal = [&](char const* flag) {
    tests::TemporaryFolder const folder;
    CHECK_THROWS_WITH(trial::run(job_in(folder.path(), trial), data),
                      ContainsSubstring("evaluate.lb_k = 200 is not below the ") && ContainsSubstring(flag));
    CHECK(fs::is_empty(folder.path()));
  };
  refusal("--lb-points");
  trial.evaluate.lb_points = 300;
  trial.evaluate.dimension_points = 150;
  refusal("--dimension-points");
}

TEST_CASE("an out-of-memory error of LibTorch becomes std::bad_alloc, and its other errors lose their backtrace") {
  auto const trial = quick_trial();
  auto const data = trial::load_data(trial, {}, 1);
  auto const run_with = [&](std::function<void()> const& fail) {
    tests::TemporaryFolder const folder;
    auto job = job_in(folder.path(), trial);
    job.epoch_done = [&](train::EpochRecord const&) { fail(); };
    (void)trial::run(job, data);
  };
  CHECK_THROWS_AS(run_with([] { (void)at::empty({std::int64_t{1} << 60}); }), std::bad_alloc);
  CHECK_THROWS_AS(run_with([] { throw std::bad_alloc(); }), std::bad_alloc);
  try {
    run_with([] { (void)at::zeros({2}).view({3}); });
    FAIL("no error");
  } catch (std::runtime_error const& error) {
    CHECK_THAT(error.what(), ContainsSubstring("shape '[3]' is invalid") && !ContainsSubstring("frame #"));
  }
}
