#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// Moments of a layer over all steps, and how its variance is distributed over principal directions; NaN where
/// undefined.
struct LayerActivation {
  double mean, std, participation_ratio;
  double participation_ratio_unbiased = std::numeric_limits<double>::quiet_NaN();  ///< corrected for the number of rows
  /// Fewest leading directions that hold this many percent of the variance.
  double components_50 = std::numeric_limits<double>::quiet_NaN();
  double components_90 = std::numeric_limits<double>::quiet_NaN();
  double components_95 = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> spectrum = {};  ///< (component), shares of the variance, descending
};

/// A number measured on each layer's activations, with its names in trial.h5 and table.csv.
struct ActivationMeasure {
  std::string_view name;     ///< of the data set
  std::string_view measure;  ///< in table.csv, before the layer
  double LayerActivation::* value;
  std::string_view meaning;
  std::string_view words;  ///< title of an axis
  double least = 0;        ///< no value is smaller
};

/// In the order of the files. To add one: its field above, its line here, and the code that fills it
/// (evaluate/evaluation.cpp).
inline constexpr std::array activation_measures{
    ActivationMeasure{"mean", "activation_mean", &LayerActivation::mean, "mean over rows and features",
                      "Activation mean", -std::numeric_limits<double>::infinity()},
    ActivationMeasure{"std", "activation_std", &LayerActivation::std, "standard deviation over rows and features",
                      "Activation standard deviation"},
    ActivationMeasure{"participation_ratio", "participation_ratio", &LayerActivation::participation_ratio,
                      "tr(C)^2 / tr(C^2) of the covariance of the features", "Participation ratio"},
    // An unbiased estimate of tr(C^2) can be negative.
    ActivationMeasure{"participation_ratio_unbiased", "participation_ratio_unbiased",
                      &LayerActivation::participation_ratio_unbiased,
                      "the same, from unbiased estimates of both traces", "Participation ratio (unbiased)",
                      -std::numeric_limits<double>::infinity()},
    ActivationMeasure{"components_50", "components_50", &LayerActivation::components_50,
                      "principal directions that hold 50 % of the variance", "Directions with 50 % of the variance"},
    ActivationMeasure{"components_90", "components_90", &LayerActivation::components_90,
                      "principal directions that hold 90 % of the variance", "Directions with 90 % of the variance"},
    ActivationMeasure{"components_95", "components_95", &LayerActivation::components_95,
                      "principal directions that hold 95 % of the variance", "Directions with 95 % of the variance"},
};

/// What is measured on each layer: the part that trial.h5 and evaluation.h5 have in common.
struct LayerMeasures {
  std::vector<std::string> layers;                       ///< "input", "layer_1", ..., "output"
  std::vector<dimension::DimensionEstimates> dimension;  ///< (layer), all with the same k and n1; or empty
  std::vector<LayerActivation> activation;               ///< (layer); or empty
  std::int64_t steps = 0;                                ///< of the series, over which `activation` is measured
};

/// The scales /layer, /k, /n1, /component and the groups /intrinsic_dimension and /activation, each only if it has
/// content. Errors: std::invalid_argument if lengths do not match.
void write_layer_measures(store::Hdf5Writer& h5, LayerMeasures const& measures);
/// The same measures of another network under `group` (which ends with '/'), on the existing scales.
void write_layer_measures_under(store::Hdf5Writer& h5, std::string const& group, LayerMeasures const& measures);

}  // namespace mambasynth::analysis::trial_file
