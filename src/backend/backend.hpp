#pragma once

#include <functional>
#include <memory>
#include <string>

#include "analysis/neighbors/neighbor_search.hpp"
#include "model/network.hpp"
#include "provenance/run.hpp"
#include "train/learner.hpp"

/// The device that computes: the CPU, or a GPU if the program was built with CUDA (with_gpu.cpp; else host_only.cpp).
namespace mambasynth::backend {

/// "auto" becomes "cuda" if there is a usable card, else "cpu". "cuda" selects the card of this process's local rank.
/// Errors: errors::usage if "cuda" is requested without a usable card.
std::string choose(std::string const& wanted);

/// Cards that this process sees; 0 on the CPU.
int cards(std::string const& device);

/// Empty on the CPU.
provenance::Gpu gpu_of(std::string const& device);

using Log = std::function<void(std::string const&)>;  ///< a note for the user
/// Makes learners on `device`.
train::LearnerFactory learners(std::string const& device, Log log = {});
/// The network in evaluation mode and fp32 on `device`. On the CPU it refers to `network`.
std::shared_ptr<model::Predictor const> predictor(std::string const& device, model::Network const& network);
/// Nearest neighbors on `device`. `threads` (0: OpenMP's default) are for searches on the CPU.
std::unique_ptr<analysis::neighbors::NeighborSearch const> neighbor_search(std::string const& device, int threads = 0,
                                                                           Log log = {});

}  // namespace mambasynth::backend
