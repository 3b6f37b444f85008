#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// A column of the terminal's table. A cell shows the first of `measures` that it has, or nothing if that is NaN.
struct ShownMeasure {
  std::string title;
  std::vector<std::string> measures;
  /// Shown is not the measure but what the test series adds to its error.
  bool of_test_series = false;

  [[nodiscard]] Interval const* of(Cell const& cell) const;
};
inline constexpr char const* test_error_title = "± test series";

/// Those asked for by their names in table.csv, each once; without any: test error, its excess over the optimum,
/// dimension of the last layer, time. Behind a measure comes what the test series adds to its error, where that is
/// known. Errors: errors::usage for a name that no trial has, with the nearest.
std::vector<ShownMeasure> shown_measures(Table const& table, std::vector<std::string> const& asked);

/// Whether a cell with done trials has no number where the table shows one, or no loss.
bool shows_gap(Table const& table, std::vector<std::string> const& asked);

/// The dimension of a cell's own last layer; `layer` is "last layer" where cells differ in which that is.
struct LastLayer {
  std::string layer;
  ShownMeasure shown;
};
std::optional<LastLayer> last_layer_dimension(Table const& table);

/// The least error that any predictor can reach one step ahead, where all cells share it.
std::optional<double> shared_optimum(Table const& table);

}  // namespace mambasynth::analysis::collate
