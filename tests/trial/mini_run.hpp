#pragma once

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "store/archive/npz.hpp"
#include "support/reference.hpp"
#include "train/trainer.hpp"
#include "trial/data.hpp"

namespace mambasynth::tests {

inline std::vector<std::vector<double>> read_csv(std::filesystem::path const& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  std::vector<std::vector<double>> rows;
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    std::vector<double> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(std::stod(cell));
    rows.push_back(row);
  }
  return rows;
}

/// Ten epochs of the original's arithmetic; its fp32 and fp64 runs agree to within 1e-5.
inline void check_mini_run(train::LearnerFactory const& learner) {
  constexpr double tolerance = 5e-5;
  auto const data_file = reference_file("data.npz");
  auto const curve_file = reference_file("mini_run/base.csv");
  if (data_file.empty() || curve_file.empty()) SKIP("skipped: the reference run is not there (MAMBASYNTH_REFERENCE)");
  config::Trial trial;
  trial.data.path = data_file.string();
  trial.model.n_layers = 2;
  trial.model.d_state = 16;
  trial.model.dropout = 0;
  trial.train.split = "random";
  trial.train.lr_floor = "global";
  trial.train.num_workers = 0;
  trial.train.seq_len = 64;
  trial.train.stride = 512;
  trial.train.batch_size = 32;
  trial.train.warmup_epochs = 4;
  trial.train.epochs = 10;
  trial.train.precision = "fp32";
  trial.train.test_every = 10;
  auto data = trial::load_data(trial, {}, 1);
  CHECK(data.generated);
  data.splits.test.starts.clear();
  TemporaryFolder const folder;
  train::Trainer trainer(trial, data.splits, {folder.path(), {}, "id", {}, {}, learner});
  REQUIRE(trainer.run() == train::Ending::finished);

  auto const expected = read_csv(curve_file);
  auto const& history = trainer.progress().history;
  REQUIRE(history.size() == expected.size());
  for (std::size_t i = 0; i < history.size(); ++i) {
    INFO("epoch " << i + 1);
    CHECK(std::abs(history[i].train_mse - expected[i][1]) <= tolerance);
    CHECK(std::abs(history[i].val_mse - expected[i][2]) <= tolerance);
    CHECK(std::abs(history[i].lr - expected[i][3]) <= 1e-15);
    CHECK(std::abs(history[i].gate_lr - expected[i][4]) <= 1e-15);
    CHECK(std::abs(history[i].first_gradient_norm - expected[i][5]) <= tolerance * expected[i][5]);
    CHECK(std::abs(history[i].last_gradient_norm - expected[i][6]) <= tolerance * expected[i][6]);
  }
  for (auto const& [name, array] : store::read_npz(reference_file("mini_run/base_final.npz"))) {
    INFO(name);
    auto const ours = trainer.network().parameter(name).tensor.detach().flatten().contiguous();
    auto const theirs = array.as<double>();
    auto const* values = ours.const_data_ptr<float>();
    double worst = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(values[i]) - theirs[i]));
    CHECK(worst <= tolerance);
  }
}

}  // namespace mambasynth::tests
