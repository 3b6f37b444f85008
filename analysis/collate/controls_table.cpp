#include "analysis/collate/controls_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "analysis/collate/markdown_cells.hpp"

namespace mambasynth::collate {
namespace {

constexpr char const* nothing = "-";
constexpr char const* estimator = "levina_bickel_original";
constexpr std::array<std::pair<char const*, char const*>, 5> rows_of_table = {{{"", "trained"},
                                                                               {"untrained.", "untrained"},
                                                                               {"shuffled.", "shuffled features"},
                                                                               {"signal.", "noise-free signal"},
                                                                               {"noise.", "pure noise"}}};

using Values = std::map<std::string, std::vector<double>>;

/// Every measure's values over the done trials; the layers in the order of the first trial that has any.
std::pair<Values, std::vector<std::string>> collect(SweepFolder const& sweep, std::string const& k) {
  Values values;
  std::vector<std::string> layers;
  std::string const begin = std::string(estimator) + ".", end = "." + k;
  for (auto const& trial : sweep.trials) {
    if (trial.outcome != Outcome::done || !trial.result) continue;
    bool const first = layers.empty();
    for (auto const& [name, value] : trial.result->measures) {
      values[name].push_back(value);
      if (first && name.starts_with(begin) && name.ends_with(end))
        layers.push_back(name.substr(begin.size(), name.size() - begin.size() - end.size()));
    }
  }
  return {std::move(values), std::move(layers)};
}

}  // namespace

std::string controls_table(SweepFolder const& sweep, std::string const& k) {
  auto const [values, layers] = collect(sweep, k);
  auto const field = [&values = values](std::string const& measure) {
    auto const at = values.find(measure);
    return at == values.end() ? std::string(nothing) : text_of(interval_of(at->second));
  };
  std::vector<std::vector<std::string>> rows{{"ID of"}};
  rows.front().insert(rows.front().end(), layers.begin(), layers.end());
  bool any = false;
  for (auto const& [prefix, title] : rows_of_table) {
    std::vector<std::string> row{title};
    // What belongs to no layer is the input's.
    auto const whole = field(fmt::format("{}{}.{}", prefix, estimator, k));
    for (std::size_t l = 0; l < layers.size(); ++l)
      row.push_back(whole != nothing ? (l == 0 ? whole : nothing) : field(fmt::format("{}{}.{}.{}", prefix, estimator, layers[l], k)));
    bool const known = std::any_of(row.begin() + 1, row.end(), [](auto const& text) { return text != nothing; });
    any = any || (known && *prefix != '\0');
    if (known) rows.push_back(std::move(row));
  }
  if (!any) return {};
  return fmt::format("\nControls, over all done trials ({} at k = {}):\n\n", estimator, k.substr(1)) + aligned(rows);
}

}  // namespace mambasynth::collate
