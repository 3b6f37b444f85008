#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mambasynth::arrays {

/// The channels of a CSV file.
struct RecordedTable {
  std::int64_t rows = 0, channels = 0;
  std::vector<double> x;             ///< (row, channel)
  std::vector<std::int64_t> labels;  ///< (row), or empty
  std::string labels_name;           ///< of their column
  std::vector<std::string> notes;    ///< which columns are not channels, and why; one line each, for the user
};

/// Reads every column of a CSV file as a channel, except the column `labels` (if empty, one that is named as labels and
/// holds integers), a first column without a name that counts the rows, and a column of time stamps: one named time or
/// t, alone or with a unit, whose values increase. Errors: those of read_csv; errors::input for labels that are no
/// integers, that no column has, or a file without channels.
RecordedTable read_recorded_table(std::filesystem::path const& file, std::string const& labels);

}  // namespace mambasynth::arrays
