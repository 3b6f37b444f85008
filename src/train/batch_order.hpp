#pragma once

#include <cstdint>
#include <vector>

#include "random/mt19937.hpp"

namespace mambasynth::train {

/// The order of the training windows: repeats the draws that the original's data loaders make from torch's default CPU
/// generator, in the same order. Starting an iteration over a loader draws a base seed for its workers (with persistent
/// workers only the first time); a shuffling loader then draws an epoch seed, from which a separate generator makes the
/// permutation.
class BatchOrder {
 public:
  struct Settings {
    std::int64_t train_windows = 0;
    bool workers = true;      ///< train.num_workers > 0
    bool train_eval = false;  ///< a second pass over the training loader each epoch
  };
  /// `generator` has the state that model initialization left.
  BatchOrder(random::Mt19937 const& generator, Settings const& settings) : generator_(generator), settings_(settings) {}

  /// Each epoch calls training(), then training_evaluation() if train_eval is set, then validation().
  /// The permutation of 0 .. train_windows - 1, to be cut into batches, the last one short.
  std::vector<std::int64_t> training();
  std::vector<std::int64_t> training_evaluation();
  void validation();

  /// All three at once, for callers that need only the training order.
  std::vector<std::int64_t> next_epoch();

  /// To resume: pass a saved generator(), and loaders_running = true once an epoch has been completed.
  BatchOrder(random::Mt19937 const& generator, Settings const& settings, bool loaders_running)
      : generator_(generator),
        settings_(settings),
        train_running_(loaders_running),
        validation_running_(loaders_running) {}
  [[nodiscard]] random::Mt19937 const& generator() const { return generator_; }

 private:
  void start_iteration(bool& running);
  std::vector<std::int64_t> shuffled();

  random::Mt19937 generator_;
  Settings settings_;
  bool train_running_ = false;
  bool validation_running_ = false;
};

}  // namespace mambasynth::train
