#include "analysis/trial_file/evaluation.hpp"

namespace mambasynth::analysis::trial_file {

void write_evaluation(store::Hdf5Writer& h5, Evaluation const& evaluation) {
  write_layer_measures(h5, evaluation.measures);
  write_controls(h5, evaluation.controls);
  write_probes(h5, evaluation.probes);
  write_similarity(h5, evaluation.measures.layers, evaluation.similarity);
  write_shared_rows(h5, evaluation.measures.layers, evaluation.shared);
  write_embeddings(h5, evaluation.embeddings);
}

}  // namespace mambasynth::analysis::trial_file
