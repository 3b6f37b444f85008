#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "config/config.hpp"

// axes: c channel, k negative
namespace mambasynth::gpu {

/// The random numbers of an epoch's batches that the host draws, by the definitions of train/augment.hpp and
/// train/objective.hpp: tables on the GPU, of which a captured step takes the row StepState::batch. Noise is not among
/// them, it has a number for every element (kernels/augment.hpp). Drawn ahead, an epoch costs a copy; a step draws a 20
/// x 20 factorisation and 7 times 256 numbers.
class EpochDraws {
 public:
  struct Shape {
    std::int64_t batches, batch_size;  ///< of an epoch; the last batch may be shorter
    std::int64_t time, channels, layers, features;
  };
  EpochDraws(config::Train const& train, Shape const& shape);

  /// Batches next_batch and after of an epoch of `windows` windows; `step` optimiser steps were taken before them. Into
  /// the same memory each time: captured graphs hold its address. Rows before next_batch mean nothing.
  void draw(std::int64_t step, std::int64_t next_batch, std::int64_t windows);

  /// On the GPU; undefined where the configuration has no use for them.
  [[nodiscard]] at::Tensor const& rotations() const { return rotations_; }  ///< (batches, c, c) fp32
  [[nodiscard]] at::Tensor const& scales() const { return scales_; }        ///< (batches, batch_size) fp32
  [[nodiscard]] at::Tensor const& negatives() const { return negatives_; }  ///< (batches, layers, k) int64

 private:
  config::Train train_;
  Shape shape_;
  at::Tensor rotations_, scales_, negatives_;
};

}  // namespace mambasynth::gpu
