#pragma once

#include "parallel/group.hpp"
#include "train/checkpoint.hpp"

/// What the ranks that train one trial exchange in addition to gradients. On one rank these functions do nothing.
namespace mambasynth::train {

/// Broadcasts the root's state: parameters, moments, steps, and the progress (without its history, which only the root
/// writes).
void broadcast_start(parallel::Group& group, model::Network& network, Optimizer& optimizer, ResumePoint& point);

/// Errors: errors::machine when parameters or moments differ between ranks; they must not be saved then.
void require_same_state(parallel::Group& group, model::Network const& network, Optimizer const& optimizer);

/// What to do before the next training step.
enum class Request { proceed, save, stop };
/// Returns the root's request on every rank.
Request broadcast(parallel::Group& group, Request own);

}  // namespace mambasynth::train
