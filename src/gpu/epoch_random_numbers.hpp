#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "config/config.hpp"
#include "train/losses/losses.hpp"

// axes: c channel
namespace mambasynth::gpu {

/// The random numbers of an epoch's batches that the host draws, by the definitions of train/augment.hpp and of each
/// loss: tables on the GPU, of which a captured step takes the row StepState::batch. Noise is not among them: it has a
/// number for every element (kernels/augment.hpp). Drawn ahead, they cost one copy per epoch; a step needs a 20 x 20
/// factorization and 7 times 256 numbers.
class EpochRandomNumbers {
 public:
  /// `losses` must outlive the object. `batch`: the largest; the last batch of an epoch may be shorter.
  EpochRandomNumbers(config::Train const& train, train::losses::Losses const& losses,
                     train::losses::BatchShape const& batch, std::int64_t batches);

  /// Draws for the batches from next_batch on of an epoch of `windows` windows; `step` optimizer steps were taken
  /// before them. Writes to the same memory each time, because captured graphs hold its address. Rows before next_batch
  /// are not set.
  void draw(std::int64_t step, std::int64_t next_batch, std::int64_t windows);

  /// On the GPU; undefined if the configuration does not use them.
  [[nodiscard]] at::Tensor const& rotations() const { return rotations_; }  ///< (batches, c, c) fp32
  [[nodiscard]] at::Tensor const& scales() const { return scales_; }        ///< (batches, batch_size) fp32
  /// For each auxiliary loss (batches, layer, ...): AuxiliaryLoss::draw().
  [[nodiscard]] std::vector<at::Tensor> const& of_losses() const { return of_losses_; }

 private:
  config::Train train_;
  train::losses::Losses const& losses_;
  train::losses::BatchShape batch_;
  std::int64_t batches_;
  at::Tensor rotations_, scales_;
  std::vector<at::Tensor> of_losses_;
};

}  // namespace mambasynth::gpu
