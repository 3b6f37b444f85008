#pragma once

#include <functional>
#include <memory>
#include <string>

#include "analysis/neighbours/neighbour_search.hpp"
#include "model/network.hpp"
#include "provenance/run.hpp"
#include "train/learner.hpp"

/// The device that computes: the CPU, or a GPU where the program was built with CUDA (with_gpu.cpp; host_only.cpp
/// otherwise).
namespace mambasynth::backend {

/// "auto" becomes "cuda" where a card can be used, else "cpu"; "cuda" makes the card of this process's rank on its
/// host the current one. Errors: errors::usage when the asked-for card is not there.
std::string choose(std::string const& wanted);

/// Cards that this process sees; 0 on the CPU.
int cards(std::string const& device);

/// Empty on the CPU.
provenance::Gpu gpu_of(std::string const& device);

using Note = std::function<void(std::string const&)>;
/// Makes learners on `device`; `note` hears what a user should know.
train::LearnerFactory learners(std::string const& device, Note note = {});
/// The network in evaluation mode and fp32 on `device`. On the CPU it refers to `network`.
std::shared_ptr<model::Predictor const> predictor(std::string const& device, model::Network const& network);
/// Nearest neighbours on `device`; `threads` of the processor (0: OpenMP's own choice) where it searches instead.
std::unique_ptr<analysis::neighbours::NeighbourSearch const> neighbour_search(std::string const& device,
                                                                              int threads = 0, Note note = {});

}  // namespace mambasynth::backend
