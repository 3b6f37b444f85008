#include "analysis/document/table_json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <variant>

#include "errors/printable.hpp"

namespace mambasynth::analysis::document {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json text(std::string const& bytes) { return errors::valid_utf8(bytes); }

Json value_of(Value const& value) {
  if (auto const* words = std::get_if<std::string>(&value)) return text(*words);
  if (auto const* of = std::get_if<Number>(&value)) return number(of->value);
  if (auto const* of = std::get_if<Estimate>(&value))
    return {{"mean", number(of->mean)},
            {"sd", number(of->sd)},
            {"n", of->n > 0 ? Json(of->n) : Json(nullptr)},
            {"ci_low", number(of->low)},
            {"ci_high", number(of->high)}};
  return nullptr;
}

Json cell_of(Cell const& cell) {
  auto value = value_of(cell.value);
  if (cell.marks.empty()) return value;
  auto marks = Json::array();
  for (auto const& mark : cell.marks) marks.push_back(text(mark));
  return {{"value", std::move(value)}, {"marks", std::move(marks)}};
}

}  // namespace

std::string to_json(Table const& table) {
  Json json{{"label", text(table.label)},
            {"caption", text(table.caption.text())},
            {"columns", Json::array()},
            {"rows", Json::array()},
            {"notes", Json::array()}};
  for (auto const& column : table.columns)
    json["columns"].push_back({{"key", text(column.key)},
                               {"title", text(column.words.empty() ? column.title : column.words)},
                               {"unit", column.unit.empty() ? Json(nullptr) : text(column.unit)}});
  for (auto const& row : table.rows) {
    auto cells = Json::object();
    for (std::size_t c = 0; c < row.size(); ++c) cells[errors::valid_utf8(table.columns[c].key)] = cell_of(row[c]);
    json["rows"].push_back(std::move(cells));
  }
  for (auto const& note : table.notes)
    json["notes"].push_back({{"mark", text(note.mark)}, {"text", text(note.text.text())}});
  return json.dump(1) + "\n";
}

}  // namespace mambasynth::analysis::document
