#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/trial_similarity.hpp"
#include "analysis/document/terminal.hpp"
#include "analysis/document/text_rows.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::collate {
namespace {

document::Cell cell_of(PairMean const& of) {
  if (std::isnan(of.mean)) return {};
  return document::Cell(document::Estimate{.n = of.seeds, .mean = of.mean, .low = of.low, .high = of.high});
}

/// "0.672 of 0.713, p 0.004 (0.0 and 1.0)", with cell names of at most `most` characters each.
std::string least_alike(LayerSimilarity const& layer, Table const& table, std::size_t most) {
  CellPair const* least = nullptr;
  auto const share = [&](CellPair const& pair) { return pair.other_seed.mean / layer.ceiling(pair); };
  for (auto const& pair : layer.pairs)
    if (pair.a != pair.b && std::isfinite(share(pair)) && (!least || share(pair) < share(*least))) least = &pair;
  if (!least) return document::nothing;
  auto const name = [&](std::size_t cell) { return document::shortened(name_of(table.cells[cell], table), most); };
  auto const p = layer.p(*least);
  return fmt::format("{:.3f} of {:.3f}{} ({} and {})", least->other_seed.mean, layer.ceiling(*least),
                     std::isnan(p) ? "" : fmt::format(", p {:.3f}", p), name(least->a), name(least->b));
}

document::Table layers_table(TrialSimilarity const& similarity, Table const& table, std::size_t longest_name) {
  document::Table result;
  result.label = "similarity";
  result.columns = {{.key = "layer", .title = "Layer", .heads_row = true},
                    {.key = "within", .title = "one cell"},
                    {.key = "between", .title = "different cells"},
                    {.key = "least_alike", .title = "least alike"}};
  for (auto const& layer : similarity.layers)
    result.rows.push_back({document::Cell(layer_words(layer.layer)), cell_of(layer.within), cell_of(layer.between),
                           document::Cell(least_alike(layer, table, longest_name))});
  return result;
}

}  // namespace

std::string to_csv(TrialSimilarity const& similarity, Table const& table) {
  std::vector<std::string> fields{"layer"};
  for (auto const* cell : {"a.", "b."})
    for (auto const& axis : table.axes) fields.push_back(cell + axis);
  for (auto const* column :
       {"pairs", "cka_mean", "cka_se", "cka_ci_low", "cka_ci_high", "cka_ceiling", "cka_p", "same_seed_pairs",
        "same_seed_cka_mean", "same_seed_cka_se", "same_seed_cka_ci_low", "same_seed_cka_ci_high"})
    fields.emplace_back(column);
  auto text = store::csv::line(fields) + "\n";
  for (auto const& layer : similarity.layers)
    for (auto const& pair : layer.pairs) {
      fields = {layer.layer};
      for (auto const cell : {pair.a, pair.b})
        for (auto const& axis : table.axes) fields.push_back(value_of(table.cells[cell], axis, ""));
      auto const add = [&](PairMean const& mean) {
        fields.push_back(fmt::format("{}", mean.pairs));
        for (auto const value : {mean.mean, mean.se, mean.low, mean.high}) fields.push_back(store::csv::number(value));
      };
      add(pair.other_seed);
      for (auto const value : {layer.ceiling(pair), layer.p(pair)}) fields.push_back(store::csv::number(value));
      add(pair.same_seed);
      text += store::csv::line(fields) + "\n";
    }
  return text;
}

document::Table similarity_table(TrialSimilarity const& similarity, Table const& table) {
  bool const any = std::any_of(similarity.layers.begin(), similarity.layers.end(),
                               [](auto const& layer) { return layer.within.pairs > 0 || layer.between.pairs > 0; });
  if (!any) return {};
  std::size_t longest_name = 0;
  for (auto const& cell : table.cells)
    longest_name = std::max(longest_name, document::characters(name_of(cell, table)));
  constexpr std::size_t shortest_name = 2;
  auto result = layers_table(similarity, table, longest_name);
  while (longest_name > shortest_name && document::terminal_width(result) > document::most_columns)
    result = layers_table(similarity, table, --longest_name);
  result.caption = fmt::format(
      "Similarity of trials: debiased linear CKA at {} steps of the series, pairs of different seeds, ± "
      "half the 95 % confidence interval (jackknife over seeds, Student's t). "
      "Where seeds are independent, two cells are at most as alike as the geometric mean of what each is "
      "with itself; least alike: the pair furthest below that, and p, how often some pair is as far below "
      "when trials exchange their cells within seeds at random (of each layer by itself).",
      similarity.rows);
  if (similarity.trials < similarity.done)
    result.notes.push_back(
        {"", fmt::format("{} of {} done trials were compared{}.", similarity.trials, similarity.done,
                         similarity.unusable > 0 ? fmt::format(" ({} of those looked at hold no rows that can be read)",
                                                               similarity.unusable)
                                                 : "")});
  if (similarity.groups > 1)
    result.notes.push_back({"", fmt::format("They are of {} series or at different steps, and compared within those.",
                                            similarity.groups)});
  return result;
}

}  // namespace mambasynth::analysis::collate
