#include "analysis/collate/csv.hpp"

#include <fmt/format.h>

#include <cmath>

namespace mambasynth::analysis::collate {

std::string csv_number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string csv_line(std::vector<std::string> const& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (char const c : fields[i]) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line;
}

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record;
  std::string field;
  bool quoted = false;
  bool any = false;  // something stands on this line
  auto const end_record = [&] {
    if (any) {
      record.push_back(std::move(field));
      records.push_back(std::move(record));
    }
    field.clear();
    record.clear();
    any = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (quoted && c != '"') {
      field += c;
    } else if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ',') {
      record.push_back(std::move(field));
      field.clear();
      any = true;
    } else if (c == '\n') {
      end_record();
    } else if (c != '\r') {
      field += c;
      any = true;
    }
  }
  end_record();
  return records;
}

}  // namespace mambasynth::analysis::collate
