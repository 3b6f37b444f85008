#include "analysis/report/wording.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/collate/swept_axis.hpp"
#include "analysis/document/rounding.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::report {
namespace {

constexpr std::size_t longest_value = 40;

/// Whether there are words for it.
bool is_known(std::string const& key) { return collate::axis_words(key) != key; }

std::string joined_setting(collate::Table const& table, std::size_t cell, bool with_keys) {
  std::vector<std::string> parts;
  for (auto const& axis : table.axes) {
    auto const value = collate::value_of(table.cells[cell], axis, "");
    if (value.empty()) continue;
    auto const words = value_phrase(value);
    parts.push_back(with_keys ? fmt::format("{} = {}", collate::short_key(axis), words) : words);
  }
  return parts.empty() ? "all trials" : fmt::format("{}", fmt::join(parts, ", "));
}

/// "MSE" and "R²" keep their capitals.
std::string uncapitalized(std::string words) {
  bool const is_word = words.size() > 1 && std::islower(static_cast<unsigned char>(words[1])) != 0;
  if (is_word) words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace

std::string listed(std::vector<std::string> const& items) {
  if (items.size() < 2) return items.empty() ? "" : items.front();
  auto const all_but_last = fmt::format("{}", fmt::join(items.begin(), items.end() - 1, ", "));
  return all_but_last + (items.size() > 2 ? ", and " : " and ") + items.back();
}

std::string axis_phrase(std::string const& key) {
  return is_known(key) ? uncapitalized(axis_title(key)) : collate::short_key(key);
}

std::string axis_title(std::string const& key) {
  if (!is_known(key)) return key;
  auto const words = collate::axis_words(key);
  return words.substr(0, words.find(','));  // without the unit
}

std::string value_phrase(std::string const& value) {
  if (auto const number = collate::parsed_number(value)) return document::plain_number(*number);
  return errors::printable(value, longest_value);
}

std::string setting(collate::Table const& table, std::size_t cell) { return joined_setting(table, cell, true); }
std::string short_setting(collate::Table const& table, std::size_t cell) { return joined_setting(table, cell, false); }

std::string measure_phrase(collate::Table const& table, std::string const& measure) {
  auto const described = collate::describe(measure, table.labels);
  auto words = described.quantity;
  // "Circle probe, R²" as "R² of the circle probe"
  if (auto const comma = words.find(", "); !described.target.empty() && comma != std::string::npos)
    words = words.substr(comma + 2) + " of the " + uncapitalized(words.substr(0, comma));
  if (!described.layer.empty()) words += " in " + collate::layer_words(described.layer);
  if (described.horizon)
    words += *described.horizon == 1 ? " one step ahead" : fmt::format(" {} steps ahead", *described.horizon);
  return uncapitalized(words);
}

std::string value_text(collate::Interval const& interval) {
  return document::text_of(collate::estimate_of(interval), {});
}

std::string p_text(double p) {
  auto const number = collate::p_number(p);
  return number.starts_with('<') ? "p < " + number.substr(1) : "p = " + number;
}

}  // namespace mambasynth::analysis::report
