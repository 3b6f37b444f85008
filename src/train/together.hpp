#pragma once

#include "parallel/group.hpp"
#include "train/checkpoint.hpp"

/// What the ranks that train one trial tell each other beside gradients. Alone, nothing happens.
namespace mambasynth::train {

/// Gives the leader's state to all: parameters, moments, steps, and where the training stands (without its history,
/// which only the leader writes).
void share_start(parallel::Group& group, model::Network& network, Optimizer& optimizer, ResumePoint& point);

/// Errors: errors::machine when the ranks' parameters or moments have come to differ, which must not be saved.
void require_same_state(parallel::Group& group, model::Network const& network, Optimizer const& optimizer);

enum class Wish { go_on, save, stop };
/// The leader's.
Wish agreed(parallel::Group& group, Wish own);

}  // namespace mambasynth::train
