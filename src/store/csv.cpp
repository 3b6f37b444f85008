#include "store/csv.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "errors/errors.hpp"

namespace mambasynth::store::csv {

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string line(Record const& fields) {
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) text += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      text += fields[i];
      continue;
    }
    text += '"';
    for (char const c : fields[i]) text.append(c == '"' ? 2 : 1, c);
    text += '"';
  }
  return text;
}

std::vector<Record> parse(std::string_view text, std::string const& name) {
  std::vector<Record> records;
  Record record;
  std::string field;
  bool quoted = false;
  bool empty = true;  // nothing on this line yet
  std::size_t line = 1, quoted_since = 1;
  auto const end_record = [&] {
    if (!empty) {
      record.push_back(std::move(field));
      records.push_back(std::move(record));
    }
    field.clear();
    record.clear();
    empty = true;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '\n') ++line;
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (quoted && c != '"') {
      field += c;
    } else if (c == '"') {
      quoted = !quoted;
      quoted_since = line;
      empty = false;
    } else if (c == ',') {
      record.push_back(std::move(field));
      field.clear();
      empty = false;
    } else if (c == '\n') {
      end_record();
    } else if (c != '\r') {
      field += c;
      empty = false;
    }
  }
  if (quoted)
    throw errors::input(name + " is not valid CSV",
                        fmt::format("the quote opened on line {} is not closed", quoted_since),
                        "Restore the file, or remove it and run the command that wrote it again");
  end_record();
  return records;
}

}  // namespace mambasynth::store::csv
