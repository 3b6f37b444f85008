#include "analysis/collate/figures.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "analysis/collate/sweep_figures.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::collate {

std::vector<DrawnFigure> draw_sweep(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
                                    Differences const& differences, std::filesystem::path const& folder) {
  FigureCells const cells(table, sweep);
  std::vector<DrawnFigure> drawn;
  std::vector<std::vector<Sheet>> const all{effect_sheets(cells),    difference_sheets(cells, differences),
                                            error_sheets(cells),     training_sheets(cells),
                                            dimension_sheets(cells), probe_sheets(cells)};
  std::int64_t figures = 1;
  for (auto const& sheets : all) figures += std::ssize(sheets);
  progress::Count count(figures, "figure");
  for (auto const& sheets : all)
    for (auto const& sheet : sheets) {
      auto files = plot::draw_page(sheet.page, folder);
      drawn.push_back({sheet.page.name, sheet.title, sheet.caption, std::move(files)});
      count.add();
    }
  if (auto files = draw_similarity(similarity, table, folder); !files.empty())
    drawn.push_back({"sweep_similarity", "Similarity of trials", similarity_caption(similarity), std::move(files)});
  return drawn;
}

}  // namespace mambasynth::analysis::collate
