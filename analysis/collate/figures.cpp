#include "analysis/collate/figures.hpp"

#include <utility>

#include "analysis/collate/sweep_figures.hpp"

namespace mambasynth::analysis::collate {

std::vector<DrawnFigure> draw_sweep(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
                                    Differences const& differences, std::filesystem::path const& folder) {
  FigureCells const cells(table, sweep);
  std::vector<DrawnFigure> drawn;
  auto const draw = [&](std::vector<Sheet> const& sheets) {
    for (auto const& sheet : sheets) {
      plot::draw_page(sheet.page, folder);
      drawn.push_back({sheet.page.name, sheet.title, sheet.caption});
    }
  };
  draw(effect_sheets(cells));
  draw(difference_sheets(cells, differences));
  draw(error_sheets(cells));
  draw(training_sheets(cells));
  draw(dimension_sheets(cells));
  draw(probe_sheets(cells));
  if (draw_similarity(similarity, table, folder))
    drawn.push_back({"sweep_similarity", "Similarity of trials", similarity_caption(similarity)});
  return drawn;
}

}  // namespace mambasynth::analysis::collate
