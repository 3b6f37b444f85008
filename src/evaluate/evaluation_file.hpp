#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "analysis/trial_file/horizon_errors.hpp"
#include "evaluate/evaluation.hpp"
#include "provenance/run.hpp"
#include "series/scaling.hpp"

namespace mambasynth::evaluate {

struct EvaluationSource {
  std::string checkpoint;
  std::int64_t seq_len = 0;
  provenance::Facts facts;
  analysis::trial_file::HorizonErrors errors = {};  ///< by horizon; empty: not measured
  series::Scaling scaling = {};                     ///< of a standardized recording
};

/// evaluation.h5: what trial.h5 holds about the layers, and their origin as attributes of /provenance.
void write_evaluation(std::filesystem::path const& file, Evaluation const& evaluation, EvaluationSource const& source);

}  // namespace mambasynth::evaluate
