#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// Similarity of layers; row-major matrices over (layer, other layer). What was not measured is empty.
struct Similarity {
  std::vector<double> cka;                      ///< debiased linear CKA (Kornblith et al. 2019; Song et al. 2012)
  std::vector<double> cka_untrained;            ///< (layer), of a layer and the same one with initial weights
  std::vector<double> neighbour_overlap;        ///< share of nearest neighbors that a row has in both layers
  std::vector<double> label_overlap;            ///< (layer), share of a row's nearest neighbors on its own circle
  std::vector<double> label_overlap_untrained;  ///< (layer)
  double label_chance = 0;                      ///< the share that neighbors drawn at random would have
  std::int64_t overlap_k = 0;                   ///< neighbors compared
  std::int64_t steps = 0;                       ///< of the series, at which layers are compared
};

/// Writes the group /similarity and the scale /other_layer. The scale /layer with the names `layers` must exist.
void write_similarity(store::Hdf5Writer& h5, std::vector<std::string> const& layers, Similarity const& similarity);

}  // namespace mambasynth::analysis::trial_file
