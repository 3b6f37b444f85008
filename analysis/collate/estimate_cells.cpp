#include "analysis/collate/estimate_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analysis/collate/numbers.hpp"

namespace mambasynth::analysis::collate {

namespace {

/// A note without a mark.
void note_once(document::Table& table, std::string const& text) {
  if (std::none_of(table.notes.begin(), table.notes.end(), [&](auto const& note) { return note.text.text() == text; }))
    table.notes.push_back({"", text});
}

}  // namespace

document::Estimate estimate_of(Interval const& interval) {
  return {.n = interval.n, .mean = interval.mean, .sd = interval.sd, .low = interval.low, .high = interval.high};
}

document::Cell estimate_cell(Interval const& interval, std::int64_t seeds, document::Table& table) {
  document::Cell cell(estimate_of(interval));
  switch (interval.spread) {
    case statistics::Spread::equal_values:
      note_once(table, "Without ±: equal in all seeds (the same data, or the same value, in all trials).");
      break;
    case statistics::Spread::one_value:
      note_once(table, "Without ±: a single seed has no interval.");
      break;
    case statistics::Spread::estimated:
    case statistics::Spread::no_value:
      break;
  }
  if (interval.n > 0 && interval.n < seeds) {
    auto const mark = fmt::format("({})", interval.n);
    cell.marks.push_back(mark);
    add_note(table, mark,
             fmt::format("over {} of the seeds: the other trials are not done or have no finite value.", interval.n));
  }
  return cell;
}

document::Cell axis_cell(std::string const& value) {
  if (auto const number = parsed_number(value)) return document::Cell(document::Number{*number, value});
  return document::Cell(value);
}

}  // namespace mambasynth::analysis::collate
