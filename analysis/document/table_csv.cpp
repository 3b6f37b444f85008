#include "analysis/document/table_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <variant>

#include "store/csv.hpp"

namespace mambasynth::analysis::document {
namespace {

/// Whether a column of estimates has text, too.
bool has_text(Table const& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](auto const& row) { return std::holds_alternative<std::string>(row[column].value); });
}

void add_estimate(store::csv::Record& fields, Value const& value) {
  auto const* estimate = std::get_if<Estimate>(&value);
  fields.push_back(estimate && estimate->n > 0 ? fmt::format("{}", estimate->n) : "");
  auto const of = estimate ? *estimate : Estimate{};
  for (auto const number : {of.mean, of.sd, of.low, of.high}) fields.push_back(store::csv::number(number));
}

std::string text_of(Value const& value) {
  if (auto const* text = std::get_if<std::string>(&value)) return *text;
  if (auto const* number = std::get_if<Number>(&value)) return number->written;
  return {};
}

}  // namespace

std::string to_csv(Table const& table) {
  store::csv::Record fields;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    auto const& key = table.columns[c].key;
    if (has_estimates(table, c)) {
      for (auto const* part : {"_n", "_mean", "_sd", "_ci_low", "_ci_high"}) fields.push_back(key + part);
      if (has_text(table, c)) fields.push_back(key + "_note");
    } else {
      fields.push_back(key);
    }
    if (has_marks(table, c)) fields.push_back(key + "_marks");
  }
  auto text = store::csv::line(fields) + "\n";
  for (auto const& row : table.rows) {
    fields.clear();
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (has_estimates(table, c)) {
        add_estimate(fields, row[c].value);
        if (has_text(table, c)) fields.push_back(text_of(row[c].value));
      } else {
        fields.push_back(text_of(row[c].value));
      }
      if (has_marks(table, c)) fields.push_back(joined_marks(row[c]));
    }
    text += store::csv::line(fields) + "\n";
  }
  return text;
}

}  // namespace mambasynth::analysis::document
