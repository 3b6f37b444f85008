#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analysis/neighbours/neighbour_search.hpp"
#include "analysis/trial_file/evaluation.hpp"
#include "config/config.hpp"
#include "evaluate/controls.hpp"
#include "evaluate/encode.hpp"
#include "model/network.hpp"

namespace mambasynth::evaluate {

/// What is evaluated, and on what.
struct Subject {
  model::Predictor const& network;
  model::Predictor const* untrained;  ///< the same network with its initial weights; null where those are not known
  at::Tensor const& series;           ///< (time, channel), fp32
  std::int64_t seq_len;
  Truth truth;
  model::Network const* host = nullptr;               ///< the network's weights, for what its blocks add; may be null
  std::function<void(std::string const&)> note = {};  ///< hears what cannot be measured, and why
  analysis::neighbours::NeighbourSearch const* search =
      nullptr;  ///< of dimension and similarity; null: the processor's
};

/// Which panels are looked at (all when empty), whether their intrinsic dimension is estimated, whether they are
/// embedded in the plane (the blocks' outputs too where all panels are looked at).
struct Choice {
  std::vector<std::string> panels;
  bool dimension = true;
  bool embedding = false;
};

using analysis::trial_file::Evaluation;

/// Every panel (input, layers, output) of a network over a series cut into windows as for_each_batch does: intrinsic
/// dimension of the chosen rows (rows.hpp), moments of all rows, and what [evaluate] asks for beside them. What the
/// series' values or its truth do not allow is left out with a note.
Evaluation evaluate(Subject const& subject, config::Evaluate const& config, Choice const& choice, int threads);

}  // namespace mambasynth::evaluate
