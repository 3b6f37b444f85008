#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/sweep_figures.hpp"
#include "analysis/collate/swept_axis.hpp"
#include "analysis/plot/heat_map.hpp"
#include "analysis/plot/legend.hpp"

namespace mambasynth::analysis::collate {
namespace {

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

std::string cell_words(Cell const& cell, Table const& table) {
  std::string words;
  for (auto const& axis : table.axes) words += (words.empty() ? "" : ", ") + value_words(value_of(cell, axis, "–"));
  return words.empty() ? "all" : words;
}

/// Differences of less than this are noise; colors must not make them look like more.
constexpr double least_span = 0.02;

plot::ColorRange range_of_layer(std::vector<double> const& matrix) {
  auto range = plot::color_range({matrix});
  if (range.high - range.low < least_span) {
    range.high = std::min(1.0, (range.low + range.high + least_span) / 2);
    range.low = range.high - least_span;
  }
  return range;
}

}  // namespace

std::string similarity_caption(TrialSimilarity const& similarity) {
  return fmt::format(
      "Debiased linear CKA of {} trials, two by two, at {} steps of the series: means over pairs of different seeds; "
      "on "
      "the diagonal, pairs of one cell. No intervals here; similarity.csv has them. Each layer has colors of its own.",
      similarity.trials, similarity.rows);
}

std::vector<std::filesystem::path> draw_similarity(TrialSimilarity const& similarity, Table const& table,
                                                   std::filesystem::path const& folder) {
  auto const cells = compared_cells(similarity);
  auto const panels = static_cast<int>(similarity.layers.size());
  constexpr std::size_t most_cells = 60;
  if (cells.size() < 2 || cells.size() > most_cells || panels == 0) return {};
  // Millimeters.
  constexpr double edge = 1, between = 2;
  constexpr int most_columns = 3;
  int const across = std::min(most_columns, panels), down = (panels + across - 1) / across;
  std::vector<std::string> names;
  for (auto const cell : cells) names.push_back(cell_words(table.cells[cell], table));
  std::string const axis = table.axes.size() == 1 ? axis_words(table.axes.front()) : axes_title(table);
  std::vector<plot::HeatMap> maps;
  for (auto const& layer : similarity.layers) {
    auto matrix = matrix_of(layer, cells);
    auto const range = range_of_layer(matrix);
    maps.push_back({.part = layer.layer,
                    .title = capitalized(layer_words(layer.layer)),
                    .axis = axis,
                    .names = names,
                    .matrix = std::move(matrix),
                    .low = range.low,
                    .high = range.high,
                    .quantity = "CKA",
                    .triangle = true});
  }
  auto const with_names = plot::room_of(maps.front()), without = plot::room_of(maps.front(), false, false);
  double const width = panels > 1 ? plot::two_columns : plot::one_column;
  double const side =
      (width - 2 * edge - with_names.left - (across - 1) * (without.left + between) - across * plot::bar_room) / across;
  // Without a map below, a map has names.
  auto const lowest = [&](int i) { return i + across >= panels; };
  auto const row_height = [&](int row) {
    bool const any_names =
        (row + 1) * across >= panels || row + 2 > down || lowest(std::min(panels, (row + 1) * across) - 1);
    return side + with_names.above + (any_names ? with_names.below : without.below);
  };
  double top = edge;
  std::vector<double> tops;
  for (int row = 0; row < down; ++row) tops.push_back(top), top += row_height(row);
  plot::Legend const legend("", {}, {similarity_caption(similarity)}, width);
  plot::Size const size{width, top + legend.height() + 1};
  plot::Paper const paper(size);
  plot::Figure figure("sweep_similarity", size);
  std::string commands = "set multiplot\n";
  for (int i = 0; i < panels; ++i) {
    int const column = i % across, row = i / across;
    plot::Frame const frame{.left = edge + with_names.left + column * (side + plot::bar_room + without.left + between),
                            .top = tops[static_cast<std::size_t>(row)] + with_names.above,
                            .width = side,
                            .height = side};
    commands += plot::heat_map(figure, maps[static_cast<std::size_t>(i)], frame, paper,
                               {.x_names = lowest(i), .y_names = column == 0},
                               i + 1 == panels ? legend.commands(paper, top + 1) : "");
  }
  figure.set_commands(commands + "unset multiplot\n");
  return figure.draw(folder);
}

}  // namespace mambasynth::analysis::collate
