#pragma once

#include <optional>
#include <vector>

#include "analysis/trial_file/layer_measures.hpp"

namespace mambasynth::analysis::trial_file {

/// The baselines for a layer's intrinsic dimension; the raw input is the panel `input`. Each is measured at the same k
/// and n1 and on as many rows as the layers. Unknown ones are empty.
struct Controls {
  LayerMeasures untrained;                              ///< the same network with its initial weights, at the same rows
  std::vector<dimension::DimensionEstimates> shuffled;  ///< (layer): each feature permuted independently in time
  std::optional<dimension::DimensionEstimates> signal;  ///< the series without its noise, at the same rows
  std::optional<dimension::DimensionEstimates>
      noise;  ///< independent normal numbers, in as many channels as the series has

  [[nodiscard]] bool any() const { return !shuffled.empty() || signal || noise || !untrained.layers.empty(); }
};

/// The groups /control/{untrained, shuffled, signal, noise}, each with an /intrinsic_dimension like the file's own (the
/// untrained network also with /activation). The scales of write_layer_measures must be there.
void write_controls(store::Hdf5Writer& h5, Controls const& controls);

}  // namespace mambasynth::analysis::trial_file
