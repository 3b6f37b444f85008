#include "analysis/collate/cells_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/document/rounding.hpp"
#include "analysis/document/terminal.hpp"
#include "analysis/document/text_rows.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr char const* done_key = "n";
constexpr char const* lost_key = "lost";
/// Columns of the difference to the baseline have these before the measure's name.
constexpr char const* difference_key = "difference.";
constexpr char const* p_key = "p_holm.";
/// The column of the error due to the test series appends this to the measure's name.
constexpr char const* test_series_end = ".test_series";

std::string states_of(Cell const& cell) {
  std::vector<std::string> words;
  for (auto const& [state, count] : cell.lost) words.push_back(fmt::format("{} {}", count, state));
  return fmt::format("{}", fmt::join(words, ", "));
}

/// What a cell without any result shows instead of numbers.
std::string no_result(Cell const& cell) {
  std::vector<std::string> words;
  for (auto const& [state, count] : cell.lost) words.push_back(state);
  return fmt::format("{}", fmt::join(words, ", "));
}

document::Cell count_cell(Cell const& cell) {
  auto const planned = cell.n + cell.gaps();
  return document::Cell(document::Number{static_cast<double>(cell.n), cell.gaps() == 0
                                                                          ? fmt::format("{}", cell.n)
                                                                          : fmt::format("{} of {}", cell.n, planned)});
}

/// The measure whose differences the table of cells has room for.
std::string compared_measure(Differences const& differences) {
  std::string first;
  for (auto const& difference : differences.rows) {
    if (difference.measure == "excess_mse.h1") return difference.measure;
    if (first.empty() && difference.tested) first = difference.measure;
  }
  return first;
}

document::Cell p_cell(double p) {
  if (!(p >= 0)) return {};
  return document::Cell(document::Number{p, p_number(p)});
}

void mark_standing(document::Cell& shown, Standing standing, document::Table& table) {
  if (standing == Standing::best) {
    shown.marks.emplace_back(best_mark);
    add_note(table, best_mark, "best of its column.");
  }
  if (standing == Standing::not_distinguishable) {
    shown.marks.emplace_back(not_distinguishable_mark);
    add_note(
        table, not_distinguishable_mark,
        fmt::format("not distinguishable from the best (paired t test over seeds, p at least {} after Holm's method).",
                    significant));
  }
}

/// None where only one cell has a value.
Standing standing_of(Differences const& differences, Table const& table, std::string const& measure, std::size_t cell) {
  auto const at = differences.standing.find(measure);
  if (at == differences.standing.end() || cell >= at->second.size()) return Standing::none;
  auto const competitors = std::count_if(table.cells.begin(), table.cells.end(),
                                         [&](auto const& other) { return other.measures.contains(measure); });
  return competitors > 1 ? at->second[cell] : Standing::none;
}

document::Column measure_column(ShownMeasure const& shown, plot::Labels labels, document::Shows const& shows,
                                bool droppable) {
  auto const described = collate::describe(shown.measures.front(), labels);
  document::Column column;
  column.key = shown.of_test_series ? shown.measures.front() + test_series_end : shown.measures.front();
  column.title = shown.title;
  column.words = shown.of_test_series ? shown.title : described.label;
  if (!shown.of_test_series) column.unit = described.unit;
  column.shows = shows;
  if (shown.of_test_series) column.shows = {.mean = false, .interval = true};
  column.fit = droppable ? document::Fit::drop : document::Fit::keep;
  return column;
}

std::vector<document::Cell> cells_of(ShownMeasure const& shown, Table const& table, Differences const& differences,
                                     bool first, document::Table& result) {
  std::vector<document::Cell> cells;
  for (std::size_t c = 0; c < table.cells.size(); ++c) {
    auto const& cell = table.cells[c];
    auto const* interval = shown.of(cell);
    if (!interval) {
      cells.push_back(cell.n == 0 && first ? document::Cell(no_result(cell)) : document::Cell());
    } else if (shown.of_test_series) {
      cells.emplace_back(estimate_of(*interval));
    } else {
      cells.push_back(estimate_cell(*interval, cell.seeds, result));
      for (auto const& measure : shown.measures)
        if (cell.measures.contains(measure)) {
          mark_standing(cells.back(), standing_of(differences, table, measure, c), result);
          break;
        }
    }
  }
  return cells;
}

void add_column(document::Table& table, document::Column column, std::vector<document::Cell> cells) {
  table.columns.push_back(std::move(column));
  for (std::size_t r = 0; r < cells.size(); ++r) table.rows[r].push_back(std::move(cells[r]));
}

void add_differences(document::Table& result, Table const& table, Differences const& differences) {
  auto const measure = compared_measure(differences);
  if (measure.empty()) return;
  std::vector<document::Cell> deltas(table.cells.size()), ps(table.cells.size());
  for (auto const& difference : differences.rows) {
    if (difference.measure != measure) continue;
    deltas[difference.cell] = document::Cell(estimate_of(difference.of_seeds.difference));
    ps[difference.cell] = p_cell(difference.p_holm);
  }
  auto const words = collate::describe(measure, table.labels).label;
  auto const title = measure == "excess_mse.h1" ? std::string("excess") : measure;
  add_column(result,
             {.key = difference_key + measure,
              .title = "Δ " + title,
              .words = words + ", difference to the baseline",
              .shows = {.mean = true, .interval = false},
              .fit = document::Fit::drop},
             std::move(deltas));
  add_column(result, {.key = p_key + measure, .title = "p (Holm)", .words = "p (Holm)", .fit = document::Fit::drop},
             std::move(ps));
}

/// Drops the sections of keys unless two keys would then be the same.
void shorten_keys(document::Table& shown, std::vector<std::string> const& axes) {
  std::vector<std::string> keys;
  for (auto const& axis : axes) keys.push_back(short_key(axis));
  if (std::set<std::string>(keys.begin(), keys.end()).size() != keys.size()) return;
  for (std::size_t a = 0; a < axes.size(); ++a) shown.columns[a].title = keys[a];
}

document::Column axis_column(std::string const& axis) {
  return {.key = axis, .title = axis, .fit = document::Fit::shorten, .heads_row = true};
}

}  // namespace

document::Table cells_table(Table const& table, Differences const& differences, std::vector<std::string> const& asked,
                            document::Shows const& shows) {
  document::Table result;
  for (auto const& axis : table.axes) result.columns.push_back(axis_column(axis));
  for (auto const& cell : table.cells) {
    auto& row = result.rows.emplace_back();
    for (auto const& axis : table.axes) {
      auto const value = value_of(cell, axis, "");
      row.push_back(value.empty() ? document::Cell() : axis_cell(value));
    }
  }
  std::vector<document::Cell> counts, states;
  for (auto const& cell : table.cells) {
    counts.push_back(count_cell(cell));
    states.push_back(cell.gaps() == 0 ? document::Cell() : document::Cell(states_of(cell)));
  }
  add_column(result, {.key = done_key, .title = "n"}, std::move(counts));
  if (std::any_of(table.cells.begin(), table.cells.end(), [](auto const& cell) { return cell.gaps() > 0; }))
    add_column(result, {.key = lost_key, .title = "not done"}, std::move(states));
  bool first = true;
  for (auto const& shown : shown_measures(table, asked)) {
    bool const is_time = asked.empty() && shown.measures.front() == "seconds";
    if (is_time) add_differences(result, table, differences);
    add_column(result, measure_column(shown, table.labels, shows, asked.empty() && !first),
               cells_of(shown, table, differences, first, result));
    first = false;
  }
  std::stable_partition(result.notes.begin(), result.notes.end(), [](auto const& note) { return !note.mark.empty(); });
  return result;
}

void fit_cells(document::Table& shown, Table const& table) {
  if (document::terminal_width(shown) <= document::most_columns) return;
  shorten_keys(shown, table.axes);
  auto const fitted = document::fit_terminal(shown);
  std::vector<std::string> titles, names;
  for (auto const& column : fitted.dropped) {
    if (column.key.starts_with(difference_key) || column.key.starts_with(p_key)) continue;  // has a table of its own
    titles.push_back(column.title);
    if (!column.key.ends_with(test_series_end)) names.push_back(column.key);
  }
  if (!titles.empty())
    shown.notes.push_back(
        {"", fmt::format("Left out for its width: {} (--measure {} shows {}).", fmt::join(titles, ", "),
                         fmt::join(names, ","), titles.size() == 1 ? "it" : "them")});
  if (fitted.headings_dropped > 0)
    shown.notes.push_back({"", fmt::format("Left out for their width: the last {} of {} axes (table.csv holds all).",
                                           fitted.headings_dropped, table.axes.size())});
  else if (fitted.shortened) shown.notes.push_back({"", "Axes are shortened (table.csv holds them whole)."});
}

void fit_differences(document::Table& shown, Table const& table) {
  if (document::terminal_width(shown) <= document::most_columns) return;
  shorten_keys(shown, table.axes);
  auto const fitted = document::fit_terminal(shown);
  if (!fitted.dropped.empty() || fitted.headings_dropped > 0 || fitted.shortened)
    shown.notes.push_back({"", "Shortened to fit; differences.csv has every name and column."});
}

document::Table differences_table(Table const& table, Differences const& differences) {
  document::Table result;
  result.label = "differences";
  for (auto const& axis : table.axes) result.columns.push_back(axis_column(axis));
  result.columns.push_back({.key = "measure", .title = "measure", .fit = document::Fit::shorten, .heads_row = true});
  result.columns.push_back({.key = "n_pairs", .title = "n", .words = "Pairs"});
  result.columns.push_back({.key = "difference", .title = "difference", .words = "Difference to the baseline"});
  result.columns.push_back(
      {.key = "effect_size", .title = "d_z", .words = "Effect size, d_z", .fit = document::Fit::drop});
  result.columns.push_back({.key = "p", .title = "p"});
  result.columns.push_back({.key = "p_holm", .title = "p (Holm)"});
  std::size_t without_pairs = 0;
  for (auto const& difference : differences.rows) {
    if (difference.of_seeds.difference.n == 0) {
      ++without_pairs;
      continue;
    }
    auto const& cell = table.cells[difference.cell];
    auto& row = result.rows.emplace_back();
    for (auto const& axis : table.axes) {
      auto const value = value_of(cell, axis, "");
      row.push_back(value.empty() ? document::Cell() : axis_cell(value));
    }
    auto const& of = difference.of_seeds;
    row.emplace_back(difference.measure);
    row.emplace_back(document::Number{static_cast<double>(of.difference.n), fmt::format("{}", of.difference.n)});
    row.push_back(estimate_cell(of.difference, 0, result));
    row.push_back(of.effect_size == of.effect_size
                      ? document::Cell(document::Number{of.effect_size, fmt::format("{:.2g}", of.effect_size)})
                      : document::Cell());
    row.push_back(p_cell(difference.tested ? of.sign_flip.p : statistics::undefined));
    row.push_back(p_cell(difference.p_holm));
  }
  if (without_pairs > 0) result.notes.push_back({"", left_out_words(without_pairs)});
  return result;
}

}  // namespace mambasynth::analysis::collate
