#include "analysis/collate/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/collate/baselines.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/statistics/holm.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// Adjusts every test for all of them; returns the family in words.
std::string adjust(std::vector<Difference>& rows) {
  std::vector<double> p;
  std::set<std::string> measures;
  std::set<std::pair<std::size_t, std::size_t>> cells;
  std::size_t tests = 0;
  for (auto const& row : rows) {
    bool const counts = row.tested && row.of_seeds.difference.n > 0;
    p.push_back(counts ? row.of_seeds.sign_flip.p : statistics::undefined);
    if (!counts) continue;
    ++tests;
    measures.insert(row.measure);
    cells.emplace(row.cell, row.baseline);
  }
  auto const adjusted = statistics::holm(p);
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r].p_holm = adjusted[r];
  if (tests == 0) return {};
  auto const family = fmt::format("{}: {} x {}", counted(tests, "comparison"), counted(measures.size(), "measure"),
                                  counted(cells.size(), "cell"));
  auto const lacking = measures.size() * cells.size() - tests;
  return lacking > 0 ? fmt::format("{}, {} without pairs", family, lacking) : family;
}

std::string example_of(Table const& table) {
  std::string text;
  for (auto const& [key, value] : table.cells.back().axes) {
    // A value that is not a TOML number or Boolean is text.
    bool const plain = value == "true" || value == "false" ||
                       (!value.empty() && value.find_first_not_of("0123456789+-.eE") == std::string::npos);
    text += fmt::format("{}\"{}\" = {}", text.empty() ? "" : ", ", key, plain ? value : '"' + value + '"');
  }
  return text;
}

/// How to name a baseline, if there are cells of a sweep to compare.
std::string none_named(Table const& table, SweepFolder const& sweep) {
  auto const planned = std::find_if(sweep.trials.begin(), sweep.trials.end(),
                                    [](auto const& trial) { return !trial.axes.contains(trial_axis); });
  if (table.cells.size() < 2 || planned == sweep.trials.end() || table.cells.back().axes.contains(trial_axis))
    return {};
  return fmt::format(
      "No differences.csv (no sweep.toml names a baseline). To compare the cells with one of them, write baseline = "
      "{{ {} }} below [sweep] in {} and collate again.",
      example_of(table), (planned->folder / "sweep.toml").string());
}

/// Few seeds cannot make any test significant, whatever the data.
std::string what_is_attainable(std::string const& family, double least, int tests) {
  auto text =
      fmt::format("; p by exact sign flips, adjusted by Holm's method for {}. No p can be below {:.3g}", family, least);
  if (tests == 1 && least <= significant) return text;
  auto const adjusted = std::min(1.0, least * tests);
  if (tests > 1) text += fmt::format(", adjusted {:.3g}", adjusted);
  if (adjusted > significant)
    text += fmt::format("; with fewer than {} seeds none reaches {}", 1 + std::ceil(std::log2(tests / significant)),
                        significant);
  return text;
}

std::string note_on(Differences const& differences, Baselines const& baselines) {
  std::set<std::string> named;
  double least = 1;
  int tests = 0;
  for (auto const& row : differences.rows) {
    named.insert(row.named);
    if (std::isnan(row.p_holm)) continue;
    ++tests;
    least = std::min(least, row.of_seeds.sign_flip.p_least);
  }
  std::string note;
  bool const any_pair = std::any_of(differences.rows.begin(), differences.rows.end(),
                                    [](auto const& row) { return row.of_seeds.difference.n > 0; });
  if (!named.empty() && !any_pair)
    note = fmt::format("No differences to the baseline{} (no seed has a result both in it and in another cell)",
                       named.size() == 1 ? fmt::format(" ({})", *named.begin()) : "s");
  else if (named.size() == 1) note = fmt::format("Differences to the baseline ({}), paired by seed", *named.begin());
  else if (named.size() > 1) note = fmt::format("Differences to {} baselines, paired by seed", named.size());
  if (!note.empty() && tests > 0) note += what_is_attainable(differences.family, least, tests);
  if (!note.empty()) note += ".";
  if (baselines.without > 0)
    note += fmt::format(
        "{}{} no baseline (the sweep has no cell with the values of sweep.baseline and theirs on the "
        "other axes).",
        note.empty() ? "" : " ",
        baselines.without == 1 ? "1 cell has" : fmt::format("{} cells have", baselines.without));
  if (baselines.ambiguous > 0)
    note += fmt::format("{}{} not compared (several cells have the values of sweep.baseline). Name more keys in it.",
                        note.empty() ? "" : " ",
                        baselines.ambiguous == 1 ? "1 cell is" : fmt::format("{} cells are", baselines.ambiguous));
  return note;
}

}  // namespace

std::string left_out_words(std::size_t count) {
  return fmt::format("Left out: {} without a pair of seeds.", counted(count, "difference"));
}

Differences compare_with_baseline(Table const& table, SweepFolder const& sweep, std::vector<std::string> const& asked) {
  Differences differences;
  auto const baselines = baselines_of(table, sweep);
  auto const measures = shown_values(table, sweep, asked);
  for (auto const& measure : measures)
    if (auto const better = describe(measure.name).better; better != Better::none)
      differences.standing[measure.name] = standings_of(measure, better == Better::lower);
  for (auto const& [cell, baseline, named] : baselines.pairs)
    for (auto const& measure : measures) {
      auto const standing = differences.standing.find(measure.name);
      bool const has_direction = standing != differences.standing.end();
      auto pairs = paired(measure.of_cell[cell], measure.of_cell[baseline]);
      auto const of_seeds = statistics::paired_difference(pairs);
      differences.rows.push_back({.cell = cell,
                                  .baseline = baseline,
                                  .named = named,
                                  .measure = measure.name,
                                  .pairs = std::move(pairs),
                                  .of_seeds = of_seeds,
                                  .tested = has_direction || !asked.empty(),
                                  .standing = has_direction ? standing->second[cell] : Standing::none});
    }
  differences.family = adjust(differences.rows);
  differences.note = baselines.named ? note_on(differences, baselines) : none_named(table, sweep);
  return differences;
}

}  // namespace mambasynth::analysis::collate
