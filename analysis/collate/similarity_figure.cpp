#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/collate/trial_similarity.hpp"
#include "analysis/figures/heat_map.hpp"

namespace mambasynth::collate {
namespace {

// Pixels.
constexpr int side = 300, names = 110, above = 40, bar = 80;
constexpr int columns = 3;

std::vector<double> matrix_of(LayerSimilarity const& layer, std::size_t cells) {
  std::vector<double> matrix(cells * cells, std::nan(""));
  for (auto const& pair : layer.pairs) matrix[pair.a * cells + pair.b] = matrix[pair.b * cells + pair.a] = pair.other_seed.mean;
  return matrix;
}

}  // namespace

figures::Outcome draw_similarity(TrialSimilarity const& similarity, Table const& table, std::filesystem::path const& folder) {
  auto const cells = table.cells.size();
  auto const panels = static_cast<int>(similarity.layers.size());
  if (panels == 0 || cells < 2) return figures::Outcome::drawn;  // one cell is one number: the table has it
  int const across = std::min(columns, panels), down = (panels + columns - 1) / columns;
  figures::Size const page{across * (names + side) + bar, down * (above + side + names)};
  figures::Figure figure("sweep_similarity", page);
  std::vector<std::string> cell_names;
  for (auto const& cell : table.cells) cell_names.push_back(name_of(cell, table));
  std::string commands = "set multiplot\nset tics out nomirror\nunset key\n";
  for (int i = 0; i < panels; ++i) {
    auto const& layer = similarity.layers[static_cast<std::size_t>(i)];
    double const left = i % columns * (names + side) + names, top = i / columns * (above + side + names) + above;
    commands += figures::heat_map(figure, {layer.layer, layer.layer + ": debiased linear CKA", axes_title(table), cell_names, matrix_of(layer, cells)},
                                  {.left = left / page.width, .right = (left + side) / page.width, .bottom = 1 - (top + side) / page.height,
                                   .top = 1 - top / page.height, .bar = i % columns == across - 1});
  }
  figure.set_commands(commands + "unset multiplot\n");
  return figure.draw(folder);
}

}  // namespace mambasynth::collate
