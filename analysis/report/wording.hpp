#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/collate/numbers.hpp"
#include "analysis/collate/table.hpp"

/// How a report puts names and numbers into sentences.
namespace mambasynth::analysis::report {

using collate::counted;
/// "a", "a and b", "a, b, and c"
std::string listed(std::vector<std::string> const& items);
/// "gate learning-rate factor" for train.gate_lr_factor
std::string axis_phrase(std::string const& key);
/// "Gate learning-rate factor", for the head of a column
std::string axis_title(std::string const& key);
/// A value as print has it: 1 for 1.0; names as they are, long ones shortened.
std::string value_phrase(std::string const& value);
/// The setting of a cell: "gate_lr_factor = 0.1, d_state = 16"
std::string setting(collate::Table const& table, std::size_t cell);
/// The values alone: "0.1, 16"
std::string short_setting(collate::Table const& table, std::size_t cell);
/// "excess MSE one step ahead" for excess_mse.h1
std::string measure_phrase(collate::Table const& table, std::string const& measure);
/// "1.693 ± 0.031", "1.7" without an interval, "–" without a value.
std::string value_text(collate::Interval const& interval);
/// "p = 0.0625", "p < 0.001"
std::string p_text(double p);

}  // namespace mambasynth::analysis::report
