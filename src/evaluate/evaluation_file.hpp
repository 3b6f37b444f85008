#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "analysis/layer_measures.hpp"
#include "provenance/run.hpp"

namespace mambasynth::evaluate {

struct EvaluationSource {
  std::string checkpoint;
  std::int64_t seq_len = 0;
  provenance::Facts facts;
};

/// evaluation.h5: the layer measures as trial.h5 has them, and where they come from as attributes of /provenance.
void write_evaluation(std::filesystem::path const& file, analysis::LayerMeasures const& measures,
                      EvaluationSource const& source);

}  // namespace mambasynth::evaluate
