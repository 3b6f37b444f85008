#include "evaluate/evaluation_file.hpp"

#include "analysis/trial_file/trial_layout.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::evaluate {

void write_evaluation(std::filesystem::path const& file, Evaluation const& evaluation, EvaluationSource const& source) {
  namespace layout = analysis::trial_file::trial_layout;
  store::AtomicFile target(file);
  store::Hdf5Writer h5(target.temporary());
  h5.attribute("/", "schema_version", layout::schema_version);
  h5.group(layout::provenance);
  h5.attribute(layout::provenance, "checkpoint", source.checkpoint);
  h5.attribute(layout::provenance, "seq_len", source.seq_len);
  for (auto const& [name, fact] : source.facts)
    std::visit([&, &key = name](auto const& value) { h5.attribute(layout::provenance, key, value); }, fact);
  analysis::trial_file::write_evaluation(h5, evaluation);
  h5.close();
  target.commit();
}

}  // namespace mambasynth::evaluate
