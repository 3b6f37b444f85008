#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/collate/trial_similarity.hpp"
#include "analysis/plot/heat_map.hpp"

namespace mambasynth::analysis::collate {
namespace {

// Pixels.
constexpr int side = 300, names = 110, above = 40, bar = 80;
constexpr int columns = 3;

/// Of the given cells only.
std::vector<double> matrix_of(LayerSimilarity const& layer, std::vector<std::size_t> const& cells) {
  std::vector<double> matrix(cells.size() * cells.size(), std::nan(""));
  auto const place = [&](std::size_t cell) {
    return static_cast<std::size_t>(std::lower_bound(cells.begin(), cells.end(), cell) - cells.begin());
  };
  for (auto const& pair : layer.pairs) {
    auto const a = place(pair.a), b = place(pair.b);
    matrix[a * cells.size() + b] = matrix[b * cells.size() + a] = pair.other_seed.mean;
  }
  return matrix;
}

std::vector<std::size_t> compared_cells(TrialSimilarity const& similarity) {
  std::set<std::size_t> cells;
  bool any = false;
  for (auto const& layer : similarity.layers)
    for (auto const& pair : layer.pairs) {
      cells.insert({pair.a, pair.b});
      any = any || pair.other_seed.pairs > 0;
    }
  return any ? std::vector(cells.begin(), cells.end()) : std::vector<std::size_t>();
}

}  // namespace

void draw_similarity(TrialSimilarity const& similarity, Table const& table, std::filesystem::path const& folder) {
  auto const cells = compared_cells(similarity);
  auto const panels = static_cast<int>(similarity.layers.size());
  constexpr std::size_t most_cells = 60;
  if (cells.size() < 2 || cells.size() > most_cells) return;
  int const across = std::min(columns, panels), down = (panels + columns - 1) / columns;
  plot::Size const page{across * (names + side) + bar, down * (above + side + names)};
  plot::Figure figure("sweep_similarity", page);
  std::vector<std::string> cell_names;
  for (auto const cell : cells) cell_names.push_back(name_of(table.cells[cell], table));
  std::string commands = "set multiplot\nset tics out nomirror\nunset key\n";
  for (int i = 0; i < panels; ++i) {
    auto const& layer = similarity.layers[static_cast<std::size_t>(i)];
    double const left = i % columns * (names + side) + names, top = i / columns * (above + side + names) + above;
    commands += plot::heat_map(
        figure,
        {layer.layer, layer.layer + ": debiased linear CKA", axes_title(table), cell_names, matrix_of(layer, cells)},
        {.left = left / page.width,
         .right = (left + side) / page.width,
         .bottom = 1 - (top + side) / page.height,
         .top = 1 - top / page.height,
         .bar = i % columns == across - 1});
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace mambasynth::analysis::collate
