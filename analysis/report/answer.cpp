#include "analysis/report/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "analysis/collate/best_cells.hpp"
#include "analysis/collate/compared_measures.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/report/effect.hpp"
#include "analysis/report/wording.hpp"
#include "analysis/statistics/interval.hpp"

namespace mambasynth::analysis::report {
namespace {

using collate::Better;
using collate::Collation;
using collate::Difference;

/// The differences in a measure that have a pair of seeds.
std::vector<Difference> differences_in(collate::Differences const& differences, std::string const& measure) {
  std::vector<Difference> found;
  for (auto const& row : differences.rows)
    if (row.measure == measure && row.of_seeds.difference.n > 0) found.push_back(row);
  return found;
}

Difference const& largest(std::vector<Difference> const& rows) {
  return *std::max_element(rows.begin(), rows.end(), [](auto const& a, auto const& b) {
    return std::abs(a.of_seeds.difference.mean) < std::abs(b.of_seeds.difference.mean);
  });
}

std::string judged(Effect effect, Better better) {
  bool const lower = effect == Effect::lower;
  std::string text = lower ? "lower" : "higher";
  if (better == Better::none) return text;
  return text + (lower == (better == Better::lower) ? " (better)" : " (worse)");
}

/// "higher (worse) in all 3 other cells"; "lower (better) in 1 and not shown to differ in 2 of 3 other cells"
std::string verdict(std::vector<Difference> const& rows, Better better) {
  std::map<Effect, std::size_t> counts;
  for (auto const& row : rows) ++counts[effect_of(row)];
  std::vector<std::string> parts;
  auto const all = rows.size();
  auto const part = [&](Effect effect, std::string const& words) {
    if (auto const at = counts.find(effect); at != counts.end())
      parts.push_back(at->second == all ? words : fmt::format("{} in {}", words, at->second));
  };
  part(Effect::lower, judged(Effect::lower, better));
  part(Effect::higher, judged(Effect::higher, better));
  part(Effect::not_shown, "not shown to differ");
  part(Effect::equal, "the same in every seed");
  part(Effect::equal_shift, "shifted equally in every seed");
  part(Effect::one_pair, "compared in a single seed");
  bool const uniform = counts.size() == 1;
  if (all == 1) return listed(parts);
  if (!uniform) return listed(parts) + fmt::format(" of {} other cells", all);
  return listed(parts) + (all == 2 ? " in both other cells" : fmt::format(" in all {} other cells", all));
}

/// "0.114 ± 0.001 instead of 0.098 ± 0.003, a difference of ", or nothing if either is not known.
std::string from_to(collate::Table const& table, Difference const& difference, std::string const& measure) {
  auto const& cell = table.cells[difference.cell].measures;
  auto const& base = table.cells[difference.baseline].measures;
  auto const there = cell.find(measure), before = base.find(measure);
  if (there == cell.end() || before == base.end()) return {};
  return fmt::format("{} instead of {}, a difference of ", value_text(there->second), value_text(before->second));
}

std::string against_baseline(Collation const& collation, std::string const& measure,
                             std::vector<Difference> const& rows) {
  auto const& table = collation.table;
  auto const& lead = largest(rows);
  auto const effect = effect_of(lead);
  auto text = fmt::format("Compared with the baseline ({}), {} is {}{} at {}: {}{}", setting(table, lead.baseline),
                          measure_phrase(table, measure), verdict(rows, collate::describe(measure).better),
                          rows.size() > 1 ? ", with the largest difference" : "", setting(table, lead.cell),
                          from_to(table, lead, measure),
                          difference_phrase(lead, test_phrase(lead, collation.differences.family)));
  if (effect == Effect::one_pair) text += ", which a single seed cannot tell from the variation between seeds";
  if (effect == Effect::not_shown)
    text +=
        fmt::format(", an interval that also includes differences of {:.2g}, so this does not show that there is none",
                    std::max(std::abs(lead.of_seeds.difference.low), std::abs(lead.of_seeds.difference.high)));
  if (rests_on_interval(lead))
    text += ", so the claim rests on the interval, which is not adjusted for the number of comparisons";
  return text;
}

std::string without_baseline(Collation const& collation, std::string const& measure) {
  auto const& table = collation.table;
  auto const phrase = measure_phrase(table, measure);
  std::vector<std::size_t> with;
  for (std::size_t c = 0; c < table.cells.size(); ++c)
    if (auto const at = table.cells[c].measures.find(measure); at != table.cells[c].measures.end() && at->second.n > 0)
      with.push_back(c);
  if (with.empty()) return "No trial has a finite " + phrase + " yet";
  auto const mean = [&](std::size_t cell) { return table.cells[cell].measures.find(measure)->second.mean; };
  bool const lower = collate::describe(measure).better != Better::higher;
  auto const best = *std::min_element(with.begin(), with.end(),
                                      [&](auto a, auto b) { return lower ? mean(a) < mean(b) : mean(a) > mean(b); });
  auto const& interval = table.cells[best].measures.find(measure)->second;
  auto const value = fmt::format("{} ({}{})", value_text(interval),
                                 interval.spread == statistics::Spread::estimated ? "95 % CI, " : "",
                                 counted(static_cast<std::size_t>(interval.n), "seed"));
  auto const uncertain =
      interval.n == 1 ? "; a single seed says nothing about the variation between seeds" : std::string();
  if (table.cells.size() == 1) return fmt::format("The {} is {}{}", phrase, value, uncertain);
  bool const named = std::any_of(collation.differences.rows.begin(), collation.differences.rows.end(),
                                 [](auto const& row) { return !row.named.empty(); });
  auto text = fmt::format("{}; the {} mean {} is {} at {}",
                          named ? "No seed has a result both in a cell and in its baseline"
                                : "The sweep names no baseline, so no difference was tested",
                          lower ? "lowest" : "highest", phrase, value, setting(table, best));
  auto const standing = collation.differences.standing.find(measure);
  if (standing == collation.differences.standing.end() || with.size() < 2) return text + uncertain;
  auto const alike =
      std::count(standing->second.begin(), standing->second.end(), collate::Standing::not_distinguishable);
  if (interval.n == 1) return text + uncertain;
  auto const others = static_cast<long>(with.size()) - 1;
  if (alike == 0)
    return text + fmt::format(", and paired t tests distinguish it from {} (p < {}{})",
                              others == 1 ? "the other cell" : "every other cell", collate::significant,
                              others == 1 ? "" : " after Holm's adjustment");
  return text + fmt::format(", and paired t tests do not distinguish it from {}",
                            others == 1       ? "the other cell"
                            : alike == others ? fmt::format("any of the {} other cells", others)
                                              : fmt::format("{} of the {} other cells", alike, others));
}

std::string effect_sentence(Collation const& collation) {
  auto const measure = main_measure(collation.table);
  if (measure.empty()) return "No trial has a loss yet, so there is nothing to compare.";
  auto const rows = differences_in(collation.differences, measure);
  return (rows.empty() ? without_baseline(collation, measure) : against_baseline(collation, measure, rows)) + ".";
}

/// The score of the circle probe in the layer whose dimension is told, or in the last that has one.
std::string probe_measure(collate::Table const& table, std::string const& layer) {
  for (auto const* score : {"balanced_accuracy", "accuracy"}) {
    auto const prefix = fmt::format("probe.circle.{}.", score);
    std::string last;
    for (auto const& measure : table.measures)
      if (measure.starts_with(prefix)) {
        if (measure == prefix + layer) return measure;
        if (measure.starts_with(prefix + "layer_")) last = measure;
      }
    if (!last.empty()) return last;
  }
  return {};
}

std::string dimension_measure(collate::Table const& table) {
  auto const last = collate::last_layer_dimension(table);
  return last ? last->shown.measures.front() : std::string();
}

std::string change(Collation const& collation, std::string const& measure, std::optional<Difference> const& lead) {
  auto const phrase = measure_phrase(collation.table, measure);
  auto const& cells = collation.table.cells;
  auto const text = [&](std::size_t cell) { return value_text(cells[cell].measures.find(measure)->second); };
  if (lead) {
    for (auto const& [name, of_cell] : collate::shown_values(collation.table, collation.sweep, {measure})) {
      auto const pairs = collate::paired(of_cell[lead->cell], of_cell[lead->baseline]);
      if (pairs.empty()) continue;
      auto const difference = statistics::interval_of(pairs);
      auto const effect = effect_of(difference);
      return fmt::format("{} is {} instead of {} (difference {}{})", phrase, text(lead->cell), text(lead->baseline),
                         value_text(difference),
                         effect == Effect::not_shown  ? ", not shown to differ from 0"
                         : effect == Effect::one_pair ? ", a single seed"
                                                      : "");
    }
  }
  std::optional<std::size_t> low, high;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    auto const at = cells[c].measures.find(measure);
    if (at == cells[c].measures.end() || at->second.n == 0) continue;
    auto const mean = [&](std::size_t cell) { return cells[cell].measures.find(measure)->second.mean; };
    if (!low || mean(c) < mean(*low)) low = c;
    if (!high || mean(c) > mean(*high)) high = c;
  }
  if (!low) return {};
  if (*low == *high) return fmt::format("{} is {}", phrase, text(*low));
  return fmt::format("{} ranges from {} (at {}) to {} (at {})", phrase, text(*low), setting(collation.table, *low),
                     text(*high), setting(collation.table, *high));
}

std::string representation_sentence(Collation const& collation) {
  auto const main = main_measure(collation.table);
  auto const rows = differences_in(collation.differences, main);
  auto const lead = rows.empty() ? std::nullopt : std::optional(largest(rows));
  auto const dimension = dimension_measure(collation.table);
  auto const probe = probe_measure(collation.table, dimension.empty() ? "" : collate::describe(dimension).layer);
  std::vector<std::string> parts;
  for (auto const& measure : {dimension, probe})
    if (!measure.empty())
      if (auto const words = change(collation, measure, lead); !words.empty()) parts.push_back("the " + words);
  if (parts.empty()) return "Neither dimension nor probes were measured.";
  std::string missing;
  if (dimension.empty()) missing = "; the intrinsic dimension was not measured";
  if (probe.empty()) missing = "; no probe was measured";
  auto text = lead ? fmt::format("At {}, {}{}.", setting(collation.table, lead->cell), listed(parts), missing)
                   : fmt::format("{}{}.", listed(parts), missing);
  if (text.starts_with("the ")) text[0] = 'T';
  return text;
}

std::string swept_sentence(Collation const& collation) {
  auto const& table = collation.table;
  std::vector<std::string> axes;
  for (auto const& axis : table.axes) {
    std::vector<std::string> values;
    for (auto const& cell : table.cells)
      if (auto const value = value_phrase(collate::value_of(cell, axis, "none"));
          std::find(values.begin(), values.end(), value) == values.end())
        values.push_back(value);
    constexpr std::size_t most = 8;
    auto const count = values.size();
    if (count < 2) continue;
    if (count > most) {
      values.resize(most - 1);
      values.push_back(fmt::format("{} more", count - values.size()));
    }
    auto phrase = axis_phrase(axis);
    // "the number of states per channel (d_state: 4 and 8)"
    bool const has_symbol = phrase.ends_with(')');
    if (has_symbol) phrase.pop_back();
    axes.push_back(fmt::format("the {}{}{})", phrase, has_symbol ? ": " : " (", listed(values)));
  }
  std::set<std::string> seeds;
  for (auto const& trial : collation.sweep.trials)
    if (!trial.seed.empty()) seeds.insert(trial.seed);
  auto const of_seeds = seeds.empty() ? "" : fmt::format(" with {}", counted(seeds.size(), "seed"));
  if (axes.empty())
    return fmt::format("The trials share one configuration and were run{}: {}.", of_seeds,
                       completeness(collation.sweep));
  return fmt::format("The sweep varied {}{} in {}: {}.", listed(axes), of_seeds, counted(table.cells.size(), "cell"),
                     completeness(collation.sweep));
}

}  // namespace

std::string main_measure(collate::Table const& table) {
  auto const excess = std::find_if(table.measures.begin(), table.measures.end(),
                                   [](auto const& measure) { return measure.starts_with("excess_mse.h"); });
  if (excess != table.measures.end()) return *excess;
  for (auto const* measure : {"test_mse", "val_mse"})
    if (collate::has_measure(table, measure)) return measure;
  return {};
}

std::string completeness(collate::SweepFolder const& sweep) {
  auto const all = sweep.trials.size();
  std::size_t done = 0;
  std::map<std::string, std::size_t> others;
  for (auto const& trial : sweep.trials)
    if (trial.outcome == collate::Outcome::done) ++done;
    else ++others[collate::state_of(trial)];
  if (done == all) return all == 1 ? "1 trial, done" : fmt::format("{} trials, all done", all);
  std::vector<std::string> lost;
  for (auto const& [state, count] : others) lost.push_back(fmt::format("{} {}", count, state));
  return fmt::format("{} of {} done ({})", done, counted(all, "trial"), listed(lost));
}

Answer answer_of(Collation const& collation) {
  auto const& table = collation.table;
  std::vector<std::string> axes;
  for (auto const& axis : table.axes) {
    std::set<std::string> values;
    for (auto const& cell : table.cells) values.insert(collate::value_of(cell, axis, ""));
    if (values.size() > 1) axes.push_back("the " + axis_phrase(axis));
  }
  auto const main = main_measure(table);
  auto const what = main.empty() ? std::string("the error") : "the " + measure_phrase(table, main);
  Answer answer;
  answer.question = axes.empty()
                        ? fmt::format("How large is {}?", what)
                        : fmt::format("How {} {} affect {}?", axes.size() > 1 ? "do" : "does", listed(axes), what);
  answer.sentences = {swept_sentence(collation), effect_sentence(collation), representation_sentence(collation)};
  return answer;
}

}  // namespace mambasynth::analysis::report
