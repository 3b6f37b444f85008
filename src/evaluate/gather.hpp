#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analysis/representation/activation_statistics.hpp"
#include "evaluate/encode.hpp"
#include "evaluate/panel_rows.hpp"

namespace mambasynth::evaluate {

/// The result of one pass of a network over a series.
struct Gathered {
  std::vector<std::string> names;                                          ///< (panel)
  std::vector<analysis::representation::ActivationStatistics> statistics;  ///< (panel), of all rows
  std::vector<std::vector<PanelRows>> rows;                                ///< (list, panel)
};

/// Encodes `series` as for_each_batch does and keeps the rows of each list of the panels in `wanted` (all if empty);
/// row r is step r of the series. Memory: the chosen rows and one batch.
Gathered gather(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                std::vector<std::string> const& wanted, std::vector<std::span<std::int64_t const>> const& lists,
                int threads);

}  // namespace mambasynth::evaluate
