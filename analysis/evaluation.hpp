#pragma once

#include "analysis/controls.hpp"
#include "analysis/embeddings.hpp"
#include "analysis/layer_measures.hpp"
#include "analysis/probe_scores.hpp"
#include "analysis/shared_rows.hpp"
#include "analysis/similarity.hpp"

namespace mambasynth::analysis {

/// What a network's layers hold: what trial.h5 and evaluation.h5 have in common. What was not measured is empty.
struct Evaluation {
  LayerMeasures measures;
  Controls controls;
  Probes probes;
  Similarity similarity;
  SharedRows shared;
  Embeddings embeddings;
};

/// Their groups, and the scales that these share.
void write_evaluation(store::Hdf5Writer& h5, Evaluation const& evaluation);

}  // namespace mambasynth::analysis
