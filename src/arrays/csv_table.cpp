#include "arrays/csv_table.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "arrays/archive.hpp"
#include "errors/printable.hpp"
#include "errors/stop.hpp"
#include "errors/trimmed.hpp"

namespace mambasynth::arrays {
namespace {

/// The separator of a line; a space stands for any number of blanks.
char separator_of(std::string_view line) {
  for (char const candidate : {'\t', ';', ','}) {
    bool quoted = false;
    for (char const c : line) {
      if (c == '"') quoted = !quoted;
      else if (c == candidate && !quoted) return candidate;
    }
  }
  return ' ';
}

/// The fields of a line, without quotes and blanks around them.
void split_fields(std::string_view line, char separator, std::vector<std::string>& fields) {
  fields.assign(1, {});
  bool quoted = false;
  line = separator == '\t' ? line.substr(0, line.find_last_not_of("\r") + 1) : errors::trimmed(line);
  for (std::size_t i = 0; i < line.size(); ++i) {
    char const c = line[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted || (separator == ' ' ? errors::blanks.find(c) == std::string_view::npos : c != separator)) {
      fields.back() += c;
    } else if (separator != ' ' || !fields.back().empty()) {
      fields.emplace_back();
    }
  }
  for (auto& field : fields) field = std::string(errors::trimmed(field));
}

/// Nothing for a field that is not a number, or is too large for one.
std::optional<double> number_in(std::string const& field) {
  auto const* first = field.data();
  auto const* const last = first + field.size();
  if (field.size() > 1 && *first == '+' && first[1] != '-') ++first;
  double value = 0;
  auto const [end, error] = std::from_chars(first, last, value);
  if (end != last || first == last) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = std::strtod(field.c_str(), nullptr);  // 0 if it is too small
  return error == std::errc::invalid_argument ? std::nullopt : std::optional(value);
}

/// Whether the first row holds the numbers of the columns, as pandas writes for columns without names.
bool counts_columns(std::vector<std::string> const& fields) {
  std::size_t const index = fields.front().empty() ? 1 : 0;  // above the numbers of the rows
  for (auto i = index; i < fields.size(); ++i)
    if (fields[i] != std::to_string(i - index)) return false;
  return fields.size() > index + 1;
}

bool all_words(std::vector<std::string> const& fields) {
  for (auto const& field : fields)
    if (number_in(field)) return false;
  return true;
}

class CsvReader {
 public:
  explicit CsvReader(std::filesystem::path const& file) : stream_(file, std::ios::binary) {
    if (!stream_) throw unusable(file, "it cannot be opened", "Check its permissions");
    table_.file = file;
  }

  CsvTable read() {
    std::string line;
    std::vector<std::string> fields;
    while (std::getline(stream_, line)) {
      if (++line_ == 1) check_encoding(line);
      constexpr std::int64_t lines_between_checks = 4096;
      if (line_ % lines_between_checks == 0) errors::check_stop();
      auto const text = errors::trimmed(line);
      if (text.empty() || text.front() == '#') continue;
      if (table_.columns == 0) begin(line, fields);
      else split_fields(line, separator_, fields);
      if (static_cast<std::int64_t>(fields.size()) != table_.columns)
        throw unusable(
            table_.file,
            fmt::format("line {} has {} fields, line {} has {}", line_, fields.size(), first_line_, table_.columns),
            "Give every row a number for each column");
      if (!(line_ == first_line_ && !table_.names.empty())) add(fields);
    }
    if (stream_.bad()) throw unusable(table_.file, "it cannot be read to its end", "Check the disk");
    if (table_.rows == 0) throw unusable(table_.file, "it holds no row of numbers", "Write one row per time step");
    return std::move(table_);
  }

 private:
  void check_encoding(std::string& line) const {
    if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF"))
      throw unusable(table_.file, "it is text in UTF-16", "Save it as UTF-8");
  }

  /// The first row: its separator, its number of fields, and whether it is a header.
  void begin(std::string const& line, std::vector<std::string>& fields) {
    separator_ = separator_of(errors::trimmed(line));
    split_fields(line, separator_, fields);
    first_line_ = line_;
    table_.columns = static_cast<std::int64_t>(fields.size());
    if (all_words(fields) || counts_columns(fields)) table_.names = fields;
  }

  void add(std::vector<std::string> const& fields) {
    for (std::size_t column = 0; column < fields.size(); ++column) {
      auto const value = number_in(fields[column]);
      if (!value || !std::isfinite(*value)) throw no_number(fields[column], column);
      table_.values.push_back(*value);
    }
    ++table_.rows;
  }

  [[nodiscard]] errors::Error no_number(std::string const& field, std::size_t column) const {
    auto const name = table_.names.empty() || table_.names[column].empty()
                          ? ""
                          : " ('" + errors::quotable(table_.names[column]) + "')";
    auto const what = field.empty()      ? "is empty"
                      : number_in(field) ? "holds " + errors::quotable(field)
                                         : "holds '" + errors::quotable(field) + "', which is not a number";
    return unusable(table_.file, fmt::format("line {}, column {}{} {}", line_, column + 1, name, what),
                    field.find(',') != std::string::npos ? "Write decimals with points, not commas"
                    : field.empty() || number_in(field)  ? "Repair the file; missing values are not supported"
                                                         : "Correct it, or remove that column");
  }

  std::ifstream stream_;
  CsvTable table_;
  char separator_ = ',';
  std::int64_t line_ = 0, first_line_ = 0;
};

}  // namespace

CsvTable read_csv(std::filesystem::path const& file) { return CsvReader(file).read(); }

}  // namespace mambasynth::arrays
