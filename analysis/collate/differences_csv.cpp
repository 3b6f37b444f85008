#include <fmt/format.h>

#include "analysis/collate/differences.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::collate {

std::string to_csv(Differences const& differences, Table const& table) {
  auto fields = table.axes;
  for (auto const* column : {"measure", "n_pairs", "mean", "ci_low", "ci_high", "p", "p_least", "p_holm", "effect_size",
                             "family", "best", "baseline"})
    fields.emplace_back(column);
  auto text = store::csv::line(fields) + "\n";
  for (auto const& row : differences.rows) {
    fields.clear();
    for (auto const& axis : table.axes) fields.push_back(value_of(table.cells[row.cell], axis, ""));
    auto const& [difference, sign_flip, effect_size, unused] = row.of_seeds;
    fields.push_back(row.measure);
    fields.push_back(fmt::format("{}", difference.n));
    for (auto const value :
         {difference.mean, difference.low, difference.high, row.tested ? sign_flip.p : statistics::undefined,
          row.tested ? sign_flip.p_least : statistics::undefined, row.p_holm, effect_size})
      fields.push_back(store::csv::number(value));
    fields.push_back(row.tested && difference.n > 0 ? differences.family : "");
    fields.emplace_back(name_of(row.standing));
    fields.push_back(row.named);
    text += store::csv::line(fields) + "\n";
  }
  return text;
}

}  // namespace mambasynth::analysis::collate
