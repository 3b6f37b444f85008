#pragma once

#include <array>

#include "train/progress.hpp"

namespace mambasynth::train {

/// How log.csv prints a column.
enum class LogFormat { absent, nine_digits, shortest, milliseconds };

/// A column of numbers over epochs.
struct EpochColumn {
  char const* name;
  double EpochRecord::* value;
  LogFormat log;
  char const* long_name;
  char const* units;
};

/// The one list of what is recorded for an epoch in addition to its number and whether it was the best: log.csv,
/// resume.pt and /history of trial.h5 hold these columns in this order. To add one, add a member to EpochRecord and a
/// line here; resume.pt files from before are then refused.
inline constexpr std::array epoch_columns{
    EpochColumn{"train_mse", &EpochRecord::train_mse, LogFormat::nine_digits,
                "mean loss of the training batches, dropout on, weights changing", "1"},
    EpochColumn{"train_eval_mse", &EpochRecord::train_eval_mse, LogFormat::nine_digits,
                "loss of the training windows in eval mode", "1"},
    EpochColumn{"val_mse", &EpochRecord::val_mse, LogFormat::nine_digits,
                "loss of the validation windows, mean over batches", "1"},
    EpochColumn{"test_mse", &EpochRecord::test_mse, LogFormat::nine_digits, "loss of the test series", "1"},
    EpochColumn{"lr", &EpochRecord::lr, LogFormat::shortest, "learning rate", "1"},
    EpochColumn{"gate_lr", &EpochRecord::gate_lr, LogFormat::absent, "learning rate of x_proj and dt_proj", "1"},
    EpochColumn{"first_gradient_norm", &EpochRecord::first_gradient_norm, LogFormat::absent,
                "L2 norm of the gradient, first batch, unclipped", "1"},
    EpochColumn{"last_gradient_norm", &EpochRecord::last_gradient_norm, LogFormat::absent,
                "L2 norm of the gradient, last batch, unclipped", "1"},
    EpochColumn{"seconds", &EpochRecord::seconds, LogFormat::milliseconds, "duration of the epoch", "s"},
};

}  // namespace mambasynth::train
