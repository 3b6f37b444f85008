#pragma once

#include <functional>
#include <memory>
#include <string>

#include "train/learner.hpp"

namespace mambasynth::gpu {

/// Trains on the current GPU: windows cut on the device, every step one CUDA graph (gather, augmentations, forward,
/// backward, clip, AdamW), nothing read back before the end of the epoch. train.precision bf16 or fp32 (never TF32, but
/// for the contrastive loss's products of bf16 streams). Where a graph cannot be captured the same launches are made
/// one by one and `note` is told why; `graphs` = false chooses that. The objective is the CPU's (train/objective.hpp),
/// its random draws too. Errors: train::require_trainable's.
std::unique_ptr<train::Learner> learner(train::Lesson const& lesson,
                                        std::function<void(std::string const&)> const& note = {}, bool graphs = true);

}  // namespace mambasynth::gpu
