#pragma once

#include <cstdint>

#include "analysis/embedding/umap.hpp"

/// Private to this folder: umappp, and the Eigen that it needs, stay inside layout.cpp.
namespace mambasynth::analysis::embedding {

/// Every point has `others` >= 1 neighbors, others <= neighbors.k.
Umap layout(neighbors::Neighbors const& neighbors, std::int64_t others, UmapOptions const& options);

}  // namespace mambasynth::analysis::embedding
