#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "analysis/collate/differences.hpp"
#include "analysis/collate/figure_cells.hpp"
#include "analysis/collate/trial_similarity.hpp"

/// The figures of a sweep, one source file each. Without numbers there is no sheet; with many cells there are several.
namespace mambasynth::analysis::collate {

/// Excess error (or test error) and dimension of the last layer against the first axis; a curve for each value of the
/// second, a panel for each of the third, a page for each of the others.
std::vector<Sheet> effect_sheets(FigureCells const& cells);

/// A panel for each measure, a row for each cell: its differences from the baseline.
std::vector<Sheet> difference_sheets(FigureCells const& cells, Differences const& differences);

/// By horizon; against the first axis if there is one horizon.
std::vector<Sheet> error_sheets(FigureCells const& cells);

/// Validation loss by epoch.
std::vector<Sheet> training_sheets(FigureCells const& cells);

/// Intrinsic dimension by layer, a panel for each estimator that has one.
std::vector<Sheet> dimension_sheets(FigureCells const& cells);

/// Scores of probes by layer, a panel for each target and score.
std::vector<Sheet> probe_sheets(FigureCells const& cells);

/// How similar the trials of two cells are, a triangle for each layer; drawn at once, since its panels are not curves.
/// Returns the files that it wrote: none if there is nothing to compare, or too many cells to be told apart.
std::vector<std::filesystem::path> draw_similarity(TrialSimilarity const& similarity, Table const& table,
                                                   std::filesystem::path const& folder);
std::string similarity_caption(TrialSimilarity const& similarity);

/// A panel of cells against the first axis, with single seeds and intervals, and levels to read them against.
struct EffectMeasure {
  std::string part, title, ylabel;
  std::vector<std::string> measures;                        ///< the first that a trial has
  std::vector<std::pair<std::string, double>> levels = {};  ///< names and values of references
};
/// Pages of these measures; `what` begins the caption.
std::vector<Sheet> sheets_against_axis(FigureCells const& cells, std::string const& name, std::string const& title,
                                       std::string const& what, std::vector<EffectMeasure> const& measures);

}  // namespace mambasynth::analysis::collate
