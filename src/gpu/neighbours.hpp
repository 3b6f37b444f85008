#pragma once

#include <memory>

#include "analysis/neighbour_search.hpp"

namespace mambasynth::gpu {

/// The search on the current GPU; where its memory does not suffice, `threads` of the processor (0: OpenMP's own
/// choice). Beside the rows, their packed copy and the result it takes 0.8 GB at most.
std::unique_ptr<analysis::NeighbourSearch const> neighbour_search(int threads = 0);

}  // namespace mambasynth::gpu
