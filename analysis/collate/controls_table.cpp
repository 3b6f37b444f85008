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

constexpr std::array<std::pair<char const*, char const*>, 5> rows_of_table = {{{"", "trained"},
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
  std::vector<std::vector<std::string>> rows{{"ID of"}};
  rows.front().insert(rows.front().end(), layers.begin(), layers.end());
  bool any = false;
  for (auto const& [prefix, title] : rows_of_table) {
    std::vector<std::string> row{title};
    // What belongs to no layer is the input's.
    auto const whole = field(fmt::format("{}{}.{}", prefix, shown_estimator, k));
    for (std::size_t l = 0; l < layers.size(); ++l)
      row.push_back(whole != nothing ? (l == 0 ? whole : nothing) : field(fmt::format("{}{}.{}.{}", prefix, shown_estimator, layers[l], k)));
    bool const known = std::any_of(row.begin() + 1, row.end(), [](auto const& text) { return text != nothing; });
    any = any || (known && *prefix != '\0');
    if (known) rows.push_back(std::move(row));
  }
  if (!any) return {};
  return fmt::format("\nControls, over all done trials ({} at k = {}):\n\n", shown_estimator, k.substr(1)) + aligned(rows);
}

}  // namespace mambasynth::collate
