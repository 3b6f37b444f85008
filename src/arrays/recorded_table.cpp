#include "arrays/recorded_table.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include "arrays/archive.hpp"
#include "arrays/csv_table.hpp"
#include "errors/printable.hpp"

namespace mambasynth::arrays {
namespace {

bool counts_rows(CsvTable const& table, std::int64_t column) {
  auto const first = table.at(0, column);
  if (first != 0 && first != 1) return false;
  for (std::int64_t row = 0; row < table.rows; ++row)
    if (table.at(row, column) != first + static_cast<double>(row)) return false;
  return true;
}

bool increases(CsvTable const& table, std::int64_t column) {
  for (std::int64_t row = 1; row < table.rows; ++row)
    if (!(table.at(row, column) > table.at(row - 1, column))) return false;
  return table.rows > 1;
}

/// "time", "Time (s)", "time_ms", "t", "timestamps"; not "timer" or "t2".
bool named_as_time(std::string name) {
  for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (name.starts_with("timestamp")) return true;
  for (std::string const word : {"time", "t"})
    if (name.starts_with(word) &&
        (name.size() == word.size() || std::string_view(" _([/").find(name[word.size()]) != std::string_view::npos))
      return true;
  return false;
}

/// Nothing if a value is not an integer.
std::optional<std::vector<std::int64_t>> integers_in(CsvTable const& table, std::int64_t column) {
  constexpr double largest = 1LL << 53;
  std::vector<std::int64_t> values;
  for (std::int64_t row = 0; row < table.rows; ++row) {
    auto const value = table.at(row, column);
    if (value != std::floor(value) || std::abs(value) > largest) return std::nullopt;
    values.push_back(static_cast<std::int64_t>(value));
  }
  return values;
}

std::int64_t column_named(CsvTable const& table, std::string const& name) {
  auto const found = std::find(table.names.begin(), table.names.end(), name);
  if (found != table.names.end()) return found - table.names.begin();
  if (table.names.empty())
    throw unusable(table.file, fmt::format("it has no column '{}', because it has no header", errors::quotable(name)),
                   "Name the columns in its first line");
  auto const near = errors::nearest(name, table.names);
  throw unusable(
      table.file,
      fmt::format("it has no column '{}'; it has {}", errors::quotable(name), listed(table.names, errors::quotable)),
      near.empty() ? "Name one of those" : "Did you mean '" + errors::quotable(near) + "'? Name one of those");
}

}  // namespace

RecordedTable read_recorded_table(std::filesystem::path const& file, std::string const& labels) {
  auto const table = read_csv(file);
  RecordedTable recorded{.rows = table.rows, .channels = 0, .x = {}, .labels = {}, .labels_name = {}, .notes = {}};
  std::vector<char> channel(static_cast<std::size_t>(table.columns), 1);
  auto const take_out = [&](std::int64_t column) { channel[static_cast<std::size_t>(column)] = 0; };
  if (!labels.empty()) {
    auto const column = column_named(table, labels);
    auto values = integers_in(table, column);
    if (!values)
      throw unusable(file, "the labels in column '" + errors::quotable(labels) + "' are not all integers",
                     "Number the classes from 0");
    recorded.labels = *std::move(values);
    recorded.labels_name = labels;
    take_out(column);
  }
  for (std::int64_t column = 0; column < static_cast<std::int64_t>(table.names.size()); ++column) {
    auto const& name = table.names[static_cast<std::size_t>(column)];
    auto const shown = errors::quotable(name);
    if (!channel[static_cast<std::size_t>(column)]) continue;
    if (column == 0 && (name.empty() || name.starts_with("Unnamed")) && counts_rows(table, column)) {
      recorded.notes.push_back("note: the first column is not a channel (it has no name and counts the rows).");
      take_out(column);
    } else if (named_as_time(name) && increases(table, column)) {
      recorded.notes.push_back(fmt::format(
          "note: column '{}' is not a channel (its name is that of time, and it increases). --sampling-rate HERTZ "
          "labels time axes in seconds.",
          shown));
      take_out(column);
    } else if (Member{name, {}, {}}.named_as_labels()) {
      if (labels.empty() && recorded.labels.empty())
        if (auto values = integers_in(table, column)) {
          recorded.labels = *std::move(values);
          recorded.labels_name = name;
          recorded.notes.push_back("note: column '" + shown + "' is not a channel (it holds the labels of the steps).");
          take_out(column);
        }
    }
  }
  recorded.channels = std::count(channel.begin(), channel.end(), char{1});
  if (recorded.channels == 0) throw unusable(file, "none of its columns is a channel", "Add the channels' columns");
  recorded.x.reserve(static_cast<std::size_t>(table.rows * recorded.channels));
  for (std::size_t i = 0; i < table.values.size(); ++i)
    if (channel[i % channel.size()]) recorded.x.push_back(table.values[i]);
  return recorded;
}

}  // namespace mambasynth::arrays
