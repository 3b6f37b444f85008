#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mambasynth::arrays {

/// A table of numbers in a text file.
struct CsvTable {
  std::filesystem::path file;
  std::vector<std::string> names;  ///< (column) of the header; empty without one
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values;  ///< (row, column)

  [[nodiscard]] double at(std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
};

/// Reads a table whose fields are separated by tabs, semicolons, commas or spaces, whichever the first line has. That
/// line is a header if its fields are words, or the column numbers 0, 1, 2, ... that pandas writes. Skips empty lines
/// and lines that start with '#'; fields may be quoted. Decimals have points. Errors: errors::input naming line and
/// column of a field that is not a finite number, and the line of a row with another number of fields.
CsvTable read_csv(std::filesystem::path const& file);

}  // namespace mambasynth::arrays
