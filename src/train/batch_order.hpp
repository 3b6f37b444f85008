#pragma once

#include <cstdint>
#include <vector>

#include "random/mt19937.hpp"

namespace mambasynth::train {

/// Which training windows come when: the draws that the original's data loaders make from torch's default CPU
/// generator, in their order. Starting an iteration over a loader draws a base seed for its workers (with persistent
/// workers only the first time); a shuffling loader then draws an epoch seed, from which a generator of its own makes
/// the permutation.
class BatchOrder {
 public:
  struct Settings {
    std::int64_t train_windows = 0;
    bool workers = true;      ///< train.num_workers > 0
    bool train_eval = false;  ///< a second pass over the training loader each epoch
  };
  /// `generator` stands where model initialisation left it.
  BatchOrder(random::Mt19937 const& generator, Settings const& settings) : generator_(generator), settings_(settings) {}

  /// Each epoch calls training(), then training_evaluation() where train_eval is on, then validation().
  /// The permutation of 0 .. train_windows - 1, to be cut into batches, the last one short.
  std::vector<std::int64_t> training();
  std::vector<std::int64_t> training_evaluation();
  void validation();

  /// The three at once, for whoever needs only the training order.
  std::vector<std::int64_t> next_epoch();

  /// To resume: from a saved generator(), with loaders_running = true once an epoch was complete.
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
