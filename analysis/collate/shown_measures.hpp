#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// A column of the printed table. A cell shows the first of `measures` that it has, or nothing if that is NaN.
struct ShownMeasure {
  std::string title;
  std::vector<std::string> measures;
  /// Shows not the measure but the error due to the test series.
  bool of_test_series = false;

  [[nodiscard]] Interval const* of(Cell const& cell) const;
};
inline constexpr char const* test_error_title = "± test series";

/// The measures requested by their names in table.csv (chosen_measures); by default test error, its excess over the
/// optimum, dimension of the last layer, and time. A measure is followed by the error due to the test series if that is
/// known.
std::vector<ShownMeasure> shown_measures(Table const& table, std::vector<std::string> const& asked);

/// Whether a cell with done trials lacks a loss or a number that the table shows.
bool shows_gap(Table const& table, std::vector<std::string> const& asked);

/// The dimension of a cell's own last layer; `layer` is "last layer" if cells differ in which layer that is.
struct LastLayer {
  std::string layer;
  ShownMeasure shown;
};
std::optional<LastLayer> last_layer_dimension(Table const& table);

/// The lowest error that any predictor can reach one step ahead, if it is the same for all cells.
std::optional<double> shared_optimum(Table const& table);

}  // namespace mambasynth::analysis::collate
