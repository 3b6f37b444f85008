#pragma once

#include "config/config.hpp"

namespace mambasynth::tests {

/// A trial that takes about a second: two narrow layers on a short series, several batches per epoch.
inline config::Trial small_trial() {
  config::Trial trial;
  trial.data.n_steps = 3000;
  trial.model.d_model = 16;
  trial.model.n_layers = 2;
  trial.model.d_state = 4;
  trial.model.d_ff = 16;
  trial.train.seq_len = 48;
  trial.train.stride = 48;
  trial.train.batch_size = 16;
  trial.train.warmup_epochs = 2;
  trial.train.epochs = 5;
  trial.train.test_every = 2;
  trial.train.lr = 3e-3;
  trial.train.precision = "fp32";
  trial.train.resume_every = 1e9;
  return trial;
}

}  // namespace mambasynth::tests
