#pragma once

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "store/atomic_file.hpp"
#include "train/log.hpp"
#include "train/trainer.hpp"
#include "trial/data.hpp"

namespace mambasynth::tests {

struct Run {
  at::Tensor weights;
  std::vector<train::EpochRecord> history;
  std::string checkpoint;
};

/// Trains in `folder`, stopping after each number of batches in `stops` and continuing until the end.
inline Run train_with_stops(config::Trial const& trial, std::filesystem::path const& folder,
                            std::vector<int> const& stops, train::LearnerFactory const& learner = train::host_learner) {
  auto const data = trial::load_data(trial, {}, 1);
  for (std::size_t i = 0;; ++i) {
    int asked = 0;
    train::Trainer trainer(trial, data.splits,
                           {folder, {}, "id", {}, [&] { return i < stops.size() && asked++ >= stops[i]; }, learner});
    auto const ending = trainer.run();
    if (ending == train::Ending::stopped) continue;
    REQUIRE(ending == train::Ending::finished);
    CHECK(i == stops.size());
    return {trainer.network().flat().clone(), trainer.progress().history,
            store::read_text(folder / train::checkpoint_name)};
  }
}

inline void check_equal(Run const& a, Run const& b) {
  CHECK(at::equal(a.weights, b.weights));
  CHECK(a.checkpoint == b.checkpoint);
  REQUIRE(a.history.size() == b.history.size());
  for (std::size_t i = 0; i < a.history.size(); ++i) {
    CHECK(a.history[i].train_mse == b.history[i].train_mse);
    CHECK(a.history[i].val_mse == b.history[i].val_mse);
    CHECK(a.history[i].last_gradient_norm == b.history[i].last_gradient_norm);
    CHECK(a.history[i].best == b.history[i].best);
  }
}

}  // namespace mambasynth::tests
