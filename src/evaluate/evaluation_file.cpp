#include "evaluate/evaluation_file.hpp"

#include "analysis/trial_file/trial_layout.hpp"
#include "store/result_file.hpp"

namespace mambasynth::evaluate {

void write_evaluation(std::filesystem::path const& file, Evaluation const& evaluation, EvaluationSource const& source) {
  store::ResultFile result(file, analysis::trial_file::trial_layout::schema_version);
  result.provenance({{"checkpoint", source.checkpoint}, {"seq_len", source.seq_len}});
  result.provenance(source.facts);
  analysis::trial_file::write_horizons(result.h5(), source.errors);
  analysis::trial_file::write_scaling(result.h5(), source.scaling.mean, source.scaling.std);
  analysis::trial_file::write_evaluation(result.h5(), evaluation);
  result.commit();
}

}  // namespace mambasynth::evaluate
