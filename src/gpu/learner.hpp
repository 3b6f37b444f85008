#pragma once

#include <functional>
#include <memory>
#include <string>

#include "train/learner.hpp"

namespace mambasynth::gpu {

/// Trains on the current GPU: windows gathered on the device, every step one CUDA graph (gather, augmentations,
/// forward, backward, clip, AdamW), nothing is read back before the end of the epoch. train.precision bf16 or fp32
/// (never TF32, except for the contrastive loss's products of bf16 streams). If a graph cannot be captured, makes the
/// same launches one by one and notes why; `graphs` = false forces that. Same objective as on the CPU
/// (train/objective.hpp), with the same random draws. Errors: train::require_trainable's.
std::unique_ptr<train::Learner> learner(train::LearnerContext const& context,
                                        std::function<void(std::string const&)> const& note = {}, bool graphs = true);

}  // namespace mambasynth::gpu
