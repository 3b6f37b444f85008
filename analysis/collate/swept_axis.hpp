#pragma once

#include <string>
#include <vector>

#include "analysis/plot/axis.hpp"

namespace mambasynth::analysis::collate {

/// The key of a sweep's axis in words: "Gate learning-rate factor"; the key itself if it has none.
std::string axis_words(std::string const& key);
/// The same within a sentence or a list: "gate learning-rate factor", "window" (without the unit), "d_state".
std::string brief_axis_words(std::string const& key);
/// A value of an axis, as print has it: "1" for 1.0; texts as they are.
std::string value_words(std::string const& value);

/// The values of a sweep's axis along x: on a logarithmic scale if they ask for it, with 0 set apart beyond a break.
/// Values that are not numbers are names, evenly spaced.
struct SweptAxis {
  plot::Axis axis;
  std::vector<std::string> values;  ///< as the table has them, ascending if they are numbers
  std::vector<double> x;            ///< of each
  bool ordered = false;             ///< they are numbers
};
/// `values`: each once or more.
SweptAxis swept_axis(std::string const& key, std::vector<std::string> const& values);

}  // namespace mambasynth::analysis::collate
