#include "analysis/trial_file/similarity.hpp"

#include "analysis/trial_file/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

void write_similarity(store::Hdf5Writer& h5, std::vector<std::string> const& layers, Similarity const& similarity) {
  namespace layout = trial_layout;
  bool const matrices = !similarity.cka.empty() || !similarity.neighbour_overlap.empty();
  if (matrices) h5.text_scale(layout::other_layer, layers, {"the layer compared with", "1"});
  auto const add = [&](char const* name, std::vector<double> const& values, std::vector<std::string> const& dims,
                       char const* meaning) {
    if (!values.empty()) h5.dataset<double>(layout::similarity + std::string(name), values, dims, {meaning, "1"});
  };
  std::vector<std::string> const square{layout::layer, layout::other_layer}, one{layout::layer};
  add("cka", similarity.cka, square, "debiased linear CKA");
  add("cka_untrained", similarity.cka_untrained, one, "debiased linear CKA of a layer and itself with initial weights");
  add("neighbour_overlap", similarity.neighbour_overlap, square, "share of nearest neighbors in common");
  add("label_overlap", similarity.label_overlap, one, "share of nearest neighbors with the same label");
  add("label_overlap_untrained", similarity.label_overlap_untrained, one, "the same with initial weights");
  if (similarity.label_overlap.empty() && similarity.neighbour_overlap.empty()) return;
  h5.attribute(layout::similarity_group, "overlap_k", similarity.overlap_k);
  if (!similarity.label_overlap.empty())
    h5.scalar(layout::similarity + std::string("label_overlap_chance"), similarity.label_chance,
              {"share with the same label among neighbors drawn at random", "1"});
}

}  // namespace mambasynth::analysis::trial_file
