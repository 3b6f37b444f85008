#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "analysis/trial_file/embeddings.hpp"
#include "config/config.hpp"
#include "evaluate/panel_rows.hpp"
#include "evaluate/truth.hpp"

namespace mambasynth::evaluate {

/// Block outputs and their names; empty if none are embedded.
struct BlockRows {
  std::vector<std::string> names;
  std::vector<PanelRows> rows;
};

/// The names of its stages (progress/count.hpp), in order.
inline constexpr char const *pca_stage = "PCA", *umap_stage = "UMAP";

/// Embeds every panel, and every block's output, in the plane: by UMAP (of the leading config.pca principal components
/// if a panel has more dimensions) and by the two leading principal components. `steps`: the step of each row. `note`
/// receives progress messages.
analysis::trial_file::Embeddings embed(std::vector<PanelRows> const& panels, BlockRows const& blocks,
                                       std::span<std::int64_t const> steps, Truth const& truth,
                                       config::Evaluate const& config, int threads,
                                       std::function<void(std::string const&)> const& note);

}  // namespace mambasynth::evaluate
