#pragma once

#include <functional>
#include <memory>
#include <string>

#include "analysis/neighbors/neighbor_search.hpp"

namespace mambasynth::gpu {

/// The search on the current GPU. Falls back to the CPU with `threads` threads (0: OpenMP's default) if the GPU has too
/// little memory (noted once), and for millions of points whose candidates do not fit into shared memory
/// (nearest_plan.hpp): without the sieve in single precision the GPU would take longer. In addition to the rows, their
/// packed copy and the result, it takes at most 0.8 GB.
std::unique_ptr<analysis::neighbors::NeighborSearch const> neighbor_search(
    int threads = 0, std::function<void(std::string const&)> note = {});

}  // namespace mambasynth::gpu
