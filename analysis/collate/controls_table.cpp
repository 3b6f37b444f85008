#include "analysis/collate/controls_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "analysis/collate/markdown_cells.hpp"
#include "analysis/collate/shown_dimension.hpp"

namespace mambasynth::collate {
namespace {

constexpr std::array<std::pair<char const*, char const*>, 5> controls = {{{"", "trained"},
                                                                          {"untrained.", "untrained"},
                                                                          {"shuffled.", "shuffled features"},
                                                                          {"signal.", "noise-free signal"},
                                                                          {"noise.", "pure noise"}}};

}  // namespace

std::string controls_table(Table const& table, SweepFolder const& sweep) {
  std::string const k(shown_k(table));
  auto const values = values_over_all(sweep);
  std::vector<std::string> layers;
  for (auto const& measure : table.measures)
    if (auto const name = parse_dimension(measure); !name.k.empty() && name.k == k) layers.emplace_back(name.layer);
  auto const field = [&](std::string const& measure) {
    auto const at = values.find(measure);
    return at == values.end() ? std::string(nothing) : text_of(interval_of(at->second));
  };
  Rows rows{{"ID of"}};
  for (auto const& layer : layers) rows.push_back({layer});
  for (auto const& [prefix, title] : controls) {
    // What belongs to no layer is the input's.
    auto const whole = field(fmt::format("{}{}.{}", prefix, shown_estimator, k));
    std::vector<std::string> column;
    for (auto const& layer : layers)
      column.push_back(whole == nothing ? field(fmt::format("{}{}.{}.{}", prefix, shown_estimator, layer, k)) : column.empty() ? whole : nothing);
    if (std::all_of(column.begin(), column.end(), [](auto const& text) { return text == nothing; })) continue;
    rows.front().emplace_back(title);
    for (std::size_t l = 0; l < layers.size(); ++l) rows[l + 1].push_back(column[l]);
  }
  if (rows.front().size() <= 2) return {};  // nothing beside the layers and the trained network
  auto const dropped = drop_to_fit(rows, 2);
  return fmt::format("\nControls, over all done trials ({} at k = {}):\n\n", shown_estimator, k.substr(1)) + aligned(rows) +
         (dropped > 0 ? "\nSome controls are left out for the table's width (table.csv holds all).\n" : "");
}

}  // namespace mambasynth::collate
