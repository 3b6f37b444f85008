#pragma once

#include <limits>
#include <string>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// Moments of a layer over all steps, and how its variance is spread over principal directions; NaN where undefined.
struct LayerActivation {
  double mean, std, participation_ratio;
  double participation_ratio_unbiased = std::numeric_limits<double>::quiet_NaN();  ///< corrected for the number of rows
  /// Fewest leading directions with so many percent of the variance.
  double components_50 = std::numeric_limits<double>::quiet_NaN();
  double components_90 = std::numeric_limits<double>::quiet_NaN();
  double components_95 = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> spectrum = {};  ///< (component), shares of the variance, descending
};

/// What is measured on each layer: the part that trial.h5 and evaluation.h5 have in common.
struct LayerMeasures {
  std::vector<std::string> layers;                       ///< "input", "layer_1", ..., "output"
  std::vector<dimension::DimensionEstimates> dimension;  ///< (layer), all with the same k and n1; or empty
  std::vector<LayerActivation> activation;               ///< (layer); or empty
};

/// The scales /layer, /k, /n1, /component and the groups /intrinsic_dimension and /activation, each where there is
/// something. Errors: std::invalid_argument where lengths do not fit together.
void write_layer_measures(store::Hdf5Writer& h5, LayerMeasures const& measures);
/// The same measures of another network under `group` (which ends with '/'), on the scales that are there already.
void write_layer_measures_under(store::Hdf5Writer& h5, std::string const& group, LayerMeasures const& measures);

}  // namespace mambasynth::analysis::trial_file
