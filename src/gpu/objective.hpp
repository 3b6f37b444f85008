#pragma once

#include <cstdint>
#include <vector>

#include "gpu/engine.hpp"
#include "gpu/epoch_random_numbers.hpp"
#include "train/learner.hpp"
#include "train/losses/losses.hpp"

// axes: b window, t time step, c channel, f feature (d_model)
namespace mambasynth::gpu {

/// A training's objective (train/objective.hpp) inside a captured step: augmented windows, and the closed forms of its
/// losses. All kernels launch on the current stream.
template <class T>
class Objective {
 public:
  /// `batch`: the largest, over all ranks. `batches`: of an epoch. `state`: a step's counters on the device.
  Objective(config::Train const& train, train::losses::BatchShape batch, std::int64_t batches, Capacity const& capacity,
            at::Tensor const& state);
  Objective(Objective const&) = delete;
  Objective& operator=(Objective const&) = delete;

  /// Call before the steps of an epoch; see EpochRandomNumbers::draw.
  void begin_epoch(std::int64_t step, std::int64_t next_batch, std::int64_t windows) {
    random_numbers_.draw(step, next_batch, windows);
  }

  [[nodiscard]] bool augments() const { return raw_.defined(); }
  /// (b, t, c) fp32: where windows are gathered to if they are augmented.
  [[nodiscard]] at::Tensor const& raw() const { return raw_; }
  /// The engine's x() and padded() from raw(), for a micro-batch.
  void augment(Engine<T> const& engine, train::MicroBatch const& micro_batch) const;

  /// Clears window_sums(). The hooks for the backward pass of a micro-batch of a batch of `batch` windows.
  [[nodiscard]] LossHooks begin_micro_batch(train::MicroBatch const& micro_batch, std::int64_t batch) const;
  /// (row, b) fp64: every loss's sums, written by the hooks.
  [[nodiscard]] at::Tensor const& window_sums() const { return window_sums_; }
  /// The weight of the sums in each row of window_sums() in the loss of a batch of `batch` windows.
  [[nodiscard]] std::vector<double> factors(std::int64_t batch) const;

 private:
  [[nodiscard]] train::losses::BatchShape shape_of(std::int64_t windows) const;

  config::Train train_;
  train::losses::Losses losses_;
  train::losses::BatchShape batch_;
  EpochRandomNumbers random_numbers_;
  at::Tensor state_, raw_, window_sums_, workspace_;
};

/// After forward(): each window's squared errors, summed, to `window_sums` (horizon, b) fp64. They are what
/// measurements report, whatever loss a training minimizes: losses::MeanSquaredError::of_windows().
template <class T>
void sum_squared_errors(Engine<T>& engine, std::int64_t batch, at::Tensor const& window_sums);

}  // namespace mambasynth::gpu
