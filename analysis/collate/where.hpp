#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

/// --where: which trials, and which of their measures, the tables are made of.
namespace mambasynth::analysis::collate {

enum class Comparison { equal, unequal, less, less_or_equal, greater, greater_or_equal };

struct Condition {
  std::string key;
  Comparison comparison;
  std::string value;
};

/// "train.gate_lr_factor<=0.1 and state=done", values in quotes if they contain spaces. Errors: errors::usage.
std::vector<Condition> parse_where(std::string const& text);

/// As numbers if both are numbers, otherwise as text.
bool holds(Comparison comparison, std::string const& found, std::string const& wanted);

/// Parts of a measure's name that a condition can name: measure, layer, horizon, k, n1, target, estimator, control.
std::vector<std::string> const& parts_of_measures();
/// One of these parts; empty if the measure does not have it.
std::string part_of(std::string const& measure, std::string_view part);

/// Keeps the trials for which all conditions hold. Keys are the axes, seed, state, trial, and every key of the trials'
/// configurations, in full or by their last part. Returns the conditions on measures. Errors: errors::usage for an
/// unknown key, and if no trial remains.
std::vector<Condition> keep_trials(SweepFolder& sweep, std::vector<Condition> const& conditions);

/// Those of `measures` for which all conditions hold. Errors: errors::usage if none remains.
std::vector<std::string> keep_measures(std::vector<std::string> const& measures,
                                       std::vector<Condition> const& conditions);

}  // namespace mambasynth::analysis::collate
