#pragma once

#include "analysis/trial_file/controls.hpp"
#include "analysis/trial_file/embeddings.hpp"
#include "analysis/trial_file/layer_measures.hpp"
#include "analysis/trial_file/probe_scores.hpp"
#include "analysis/trial_file/shared_rows.hpp"
#include "analysis/trial_file/similarity.hpp"

namespace mambasynth::analysis::trial_file {

/// Everything measured on the layers of a network: what trial.h5 and evaluation.h5 have in common. What was not
/// measured is empty.
struct Evaluation {
  LayerMeasures measures;
  Controls controls;
  Probes probes;
  Similarity similarity;
  SharedRows shared;
  Embeddings embeddings;
};

/// Writes their groups and the scales that they share.
void write_evaluation(store::Hdf5Writer& h5, Evaluation const& evaluation);

}  // namespace mambasynth::analysis::trial_file
