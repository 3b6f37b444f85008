#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/plot/labels.hpp"
#include "analysis/statistics/bounded_interval.hpp"

namespace mambasynth::analysis::collate {

/// Which values of a measure are the better ones; `none` if the question makes no sense (a dimension, a control).
enum class Better { none, lower, higher };
/// "lower", "higher"; empty for none.
char const* name_of(Better better);

using statistics::Bounds;

/// A number that a trial has, described by its name in table.csv, such as untrained.levina_bickel_original.layer_3.k30.
struct Measure {
  std::string name;
  std::string base;  ///< the name without layer, horizon, k, n1, and target: "untrained.gride", "untrained_accuracy"
  std::string layer, estimator, target, control;  ///< empty where they do not apply
  std::optional<std::int64_t> horizon, k, n1;
  std::string unit;  ///< "1", "s", "nat"; as trial.h5 has it
  Better better = Better::none;
  Bounds bounds = {};  ///< that hold every value
  std::string label;   ///< for a person: "Excess MSE, 1 step"
  std::string
      quantity;       ///< title of an axis, without layer, horizon, and control: "Intrinsic dimension (Gride, n1 = 4)"
  bool known = true;  ///< false: written by another version of the program; only name, base, and label are set
};

/// Describes any name. A new measure needs a row of the table in measure.cpp, unless it is an estimator of
/// dimension/estimators.hpp or a measure of trial_file/layer_measures.hpp, which describe themselves.
/// `labels`: what label and quantity call the states that probes read.
Measure describe(std::string_view name, plot::Labels labels = plot::Labels::circles);
/// The label with its unit: "Time of the trial (s)"
std::string label_with_unit(Measure const& measure);
/// "layer 3" of layer_3
std::string layer_words(std::string layer);
/// With its first letter as a capital.
std::string capitalized(std::string words);

}  // namespace mambasynth::analysis::collate
