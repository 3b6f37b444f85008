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

/// Block outputs under their names; empty: none are embedded.
struct BlockRows {
  std::vector<std::string> names;
  std::vector<PanelRows> rows;
};

/// Every panel, and every block's output, in the plane: UMAP (of the leading config.pca principal components where a
/// panel has more dimensions) and the two leading principal components. `steps`: what the rows are. `note` hears how
/// far it is.
analysis::trial_file::Embeddings embed(std::vector<PanelRows> const& panels, BlockRows const& blocks,
                                       std::span<std::int64_t const> steps, Truth const& truth,
                                       config::Evaluate const& config, int threads,
                                       std::function<void(std::string const&)> const& note);

}  // namespace mambasynth::evaluate
