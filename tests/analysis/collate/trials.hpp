#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "analysis/trial_file/trial_file.hpp"

namespace mambasynth::tests {

inline analysis::dimension::DimensionEstimates dimension_at(double value) {
  analysis::dimension::Estimate const estimate{value, value / 10};
  analysis::dimension::DimensionEstimates all;
  all.points = 2000;
  all.k = {10, 30, 100};
  all.n1 = {1, 2};
  for (auto const* estimator : analysis::dimension::estimators)
    all[*estimator].assign(estimator->entries({all.k, all.n1}), estimate);
  all[analysis::dimension::levina_bickel_original] = {{value + 10, 1}, {value + 30, 1}, {value + 100, 1}};
  return all;
}

/// A done trial whose numbers follow from `test_mse`.
inline analysis::trial_file::TrialResult trial_of(std::string const& id, double test_mse) {
  analysis::trial_file::TrialResult trial;
  trial.history = {.epoch = {1, 2},
                   .columns = {{"train_mse", {}, {9, 8}},
                               {"train_eval_mse", {}, {std::nan(""), std::nan("")}},
                               {"val_mse", {}, {9, 8.5}},
                               {"test_mse", {}, {std::nan(""), test_mse}},
                               {"lr", {}, {1e-4, 3e-4}},
                               {"gate_lr", {}, {1e-5, 3e-5}},
                               {"first_gradient_norm", {}, {1, 2}},
                               {"last_gradient_norm", {}, {2, 1}},
                               {"seconds", {}, {1.5, 1.25}}},
                   .best = {1, 1}};
  trial.train_mse = test_mse - 2;
  trial.val_mse = test_mse - 1;
  trial.test_mse = test_mse;
  trial.horizon = {.horizon = {1, 4},
                   .val_mse = {test_mse - 1, test_mse},
                   .test_mse = {test_mse, test_mse + 1},
                   .bayes_mse = {},
                   .excess_mse = {},
                   .val_bayes_mse = {}};
  trial.evaluation.measures.layers = {"input", "layer_1", "output"};
  trial.evaluation.measures.dimension = {dimension_at(1), dimension_at(test_mse), dimension_at(3)};
  trial.evaluation.measures.activation = {{0, 1, 5}, {0.5, 2, 6}, {1, 3, 7}};
  trial.evaluation.controls.untrained = {.layers = trial.evaluation.measures.layers,
                                         .dimension = {dimension_at(1), dimension_at(19), dimension_at(20)},
                                         .activation = {{0, 1, 5}, {0, 1, 4}, {0, 1, 3}}};
  trial.evaluation.controls.shuffled = {dimension_at(21), dimension_at(22), dimension_at(23)};
  trial.evaluation.controls.signal = dimension_at(1.5);
  trial.evaluation.controls.noise = dimension_at(18);
  trial.provenance = {
      .state = "done",
      .trial_id = id,
      .git_commit = "1111111111111111111111111111111111111111",
      .git_dirty = false,
      .device = "cpu",
      .data_hash = "d0d0",
      .seconds = 100,
      .more = {{"configuration", "[train]\nepochs = 2\n"}, {"threads", std::int64_t{1}}, {"gpu_seconds", 0.0}}};
  return trial;
}

inline void write_text(std::filesystem::path const& file, std::string const& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace mambasynth::tests
