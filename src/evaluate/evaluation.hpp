#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analysis/neighbors/neighbor_search.hpp"
#include "analysis/trial_file/evaluation.hpp"
#include "config/config.hpp"
#include "evaluate/controls.hpp"
#include "evaluate/encode.hpp"
#include "model/network.hpp"

namespace mambasynth::evaluate {

/// The network to evaluate, and the data to evaluate it on.
struct Subject {
  model::Predictor const& network;
  model::Predictor const* untrained;  ///< the same network with its initial weights; null if those are unknown
  at::Tensor const& series;           ///< (time, channel), fp32
  std::int64_t seq_len;
  Truth truth;
  model::Network const* host = nullptr;  ///< the network's weights, for the outputs of its blocks; may be null
  std::function<void(std::string const&)> note = {};            ///< receives what cannot be measured, and why
  analysis::neighbors::NeighborSearch const* search = nullptr;  ///< for dimension and similarity; null: the CPU's
};

/// Which panels to evaluate (all if empty), whether to estimate their intrinsic dimension, and whether to embed them in
/// the plane (with the blocks' outputs if all panels are evaluated).
struct Choice {
  std::vector<std::string> panels;
  bool dimension = true;
  bool embedding = false;
};

using analysis::trial_file::Evaluation;

/// The names of the stages (progress/count.hpp) of such an evaluation, in order.
std::vector<std::string> stages(config::Evaluate const& config, Choice const& choice);

/// Evaluates every panel (input, layers, output) of a network over a series cut into windows as for_each_batch does:
/// intrinsic dimension of the chosen rows (rows.hpp), moments of all rows, and what else [evaluate] turns on. Omits,
/// with a note, what the series' values or its ground truth do not allow.
Evaluation evaluate(Subject const& subject, config::Evaluate const& config, Choice const& choice, int threads);

}  // namespace mambasynth::evaluate
