#pragma once

#include <array>
#include <cstdint>

#include "analysis/dimension/estimator.hpp"

/// Names in trial.h5 that its writer and its readers share.
namespace mambasynth::analysis::trial_file::trial_layout {

inline constexpr std::int64_t schema_version = 1;

inline constexpr char const* epoch = "/epoch";
inline constexpr char const* layer = "/layer";  ///< words: "input", "layer_1", ..., "output"
inline constexpr char const* k = "/k";
inline constexpr char const* n1 = "/n1";
inline constexpr char const* horizon = "/horizon/horizon";
inline constexpr char const* test_block = "/test_block";  ///< first step
inline constexpr char const* windows_by_block = "/horizon/windows_by_block";
inline constexpr char const* excess_by_block = "/horizon/excess_mse_by_block";

inline constexpr char const* history = "/history/";
inline constexpr char const* final_group = "/final/";
inline constexpr char const* horizon_group = "/horizon/";
inline constexpr char const* dimension = "/intrinsic_dimension/";
inline constexpr char const* activation = "/activation/";
inline constexpr char const* dimension_name = "intrinsic_dimension/";  ///< the same two, inside other groups
inline constexpr char const* activation_name = "activation/";
inline constexpr char const* spectrum_name = "spectrum";
inline constexpr char const* component = "/component";
inline constexpr char const* control = "/control/";
inline constexpr char const* probe_group = "/probe";
inline constexpr char const* probe = "/probe/";
inline constexpr char const* untrained_prefix = "untrained_";  ///< of the names of a probe's control scores
inline constexpr char const* shuffled_prefix = "shuffled_";
inline constexpr char const* other_layer = "/other_layer";
inline constexpr char const* similarity_group = "/similarity";
inline constexpr char const* similarity = "/similarity/";
inline constexpr char const* shared = "/shared/";
inline constexpr char const* shared_step = "/shared/step";
inline constexpr char const* provenance = "/provenance";
/// Attribute of /provenance if the series is not a generated one.
inline constexpr char const* foreign_because = "data_foreign_because";

inline constexpr std::array final_measures = {"train_mse", "val_mse", "test_mse"};
inline constexpr std::array horizon_measures = {"val_mse",       "test_mse",    "bayes_mse",    "excess_mse",
                                                "val_bayes_mse", "test_mse_se", "bayes_mse_se", "excess_mse_se"};
inline constexpr char const* error_end = "_se";  ///< of the names of standard errors
/// The scale of an estimator's axis, and its letter in the names of measures; none without an axis.
struct AxisNames {
  char const* scale;
  char const* letter;
};
constexpr AxisNames names_of(dimension::Axis axis) {
  return axis == dimension::Axis::k    ? AxisNames{k, "k"}
         : axis == dimension::Axis::n1 ? AxisNames{n1, "n"}
                                       : AxisNames{};
}
/// Groups of /control: measured on the same layers, or on other rows.
inline constexpr std::array layer_controls = {"untrained", "shuffled"};
inline constexpr std::array series_controls = {"signal", "noise"};
/// Targets of probes and their scores; each target has the scores that apply to it.
inline constexpr std::array probe_targets = {"circle", "phase", "revolutions_elapsed", "switch_hazard", "next_circle"};
inline constexpr std::array probe_scores = {"accuracy", "balanced_accuracy", "log_loss", "r2"};
inline constexpr std::array similarity_measures = {"cka_untrained", "label_overlap", "label_overlap_untrained"};

}  // namespace mambasynth::analysis::trial_file::trial_layout
