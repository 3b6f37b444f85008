#include "analysis/document/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mambasynth::analysis::document {

std::string reason_for_nothing(std::string_view text, std::string_view because) {
  return text.find(nothing) == std::string_view::npos ? std::string()
                                                      : fmt::format("{}: undefined, because {}\n", nothing, because);
}

std::string print_heading(Column const& column) {
  if (column.words.empty()) return column.title;
  return column.unit.empty() || column.unit == "1" ? column.words : column.words + " (" + column.unit + ")";
}

double sort_value(Value const& value) {
  if (auto const* number = std::get_if<Number>(&value)) return number->value;
  if (auto const* estimate = std::get_if<Estimate>(&value)) return estimate->mean;
  return std::numeric_limits<double>::quiet_NaN();
}

bool has_estimates(Table const& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](auto const& row) { return std::holds_alternative<Estimate>(row.at(column).value); });
}

bool has_marks(Table const& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](auto const& row) { return !row.at(column).marks.empty(); });
}

std::string joined_marks(Cell const& cell) {
  std::string joined;
  for (auto const& mark : cell.marks) joined += mark;
  return joined;
}

void add_note(Table& table, std::string const& mark, Inline text) {
  if (std::none_of(table.notes.begin(), table.notes.end(), [&](auto const& note) { return note.mark == mark; }))
    table.notes.push_back({mark, std::move(text)});
}

}  // namespace mambasynth::analysis::document
