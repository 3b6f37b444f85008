#include "analysis/collate/estimate_cells.hpp"

#include <fmt/format.h>

#include <optional>

#include "analysis/collate/numbers.hpp"

namespace mambasynth::analysis::collate {

document::Estimate estimate_of(Interval const& interval) {
  return {.n = interval.n, .mean = interval.mean, .sd = interval.sd, .low = interval.low, .high = interval.high};
}

document::Cell estimate_cell(Interval const& interval, std::int64_t seeds, document::Table& table) {
  document::Cell cell(estimate_of(interval));
  switch (interval.spread) {
    case statistics::Spread::equal_values:
      cell.marks.emplace_back(equal_mark);
      add_note(table, equal_mark, "equal in all seeds (the same data in all trials): no interval.");
      break;
    case statistics::Spread::one_value:
      add_note(table, "", "A single seed has no interval.");
      break;
    case statistics::Spread::estimated:
    case statistics::Spread::no_value:
      break;
  }
  if (interval.n > 0 && interval.n < seeds) {
    auto const mark = fmt::format("({})", interval.n);
    cell.marks.push_back(mark);
    add_note(table, mark, fmt::format("over {} of the seeds: the others have no finite value.", interval.n));
  }
  return cell;
}

document::Cell axis_cell(std::string const& value) {
  if (auto const number = number_in(value)) return document::Cell(document::Number{*number, value});
  return document::Cell(value);
}

}  // namespace mambasynth::analysis::collate
