#pragma once

#include <string_view>

#include "analysis/collate/table.hpp"
#include "analysis/dimension/estimators.hpp"

/// Which intrinsic dimension the Markdown table and the summary show.
namespace mambasynth::analysis::collate {

inline constexpr dimension::Estimator const& shown_estimator = dimension::levina_bickel_original;

/// Parts of "levina_bickel_original.layer_3.k30"; empty unless the measure is of that estimator.
struct DimensionName {
  std::string_view layer, k;
};
DimensionName parse_dimension(std::string_view measure);

/// The k that is shown: k30 if it was measured, otherwise the first; empty if there is none. Refers to strings of the
/// table.
std::string_view shown_k(Table const& table);

}  // namespace mambasynth::analysis::collate
