#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace mambasynth::analysis::report {

/// The files of a report, listed in FOLDER/files.csv, so that the next report in the folder can remove those that it
/// does not write again: a table of a measure that is gone would be taken for a current one. Files of others, and those
/// that were changed since, stay.
class OwnFiles {
 public:
  explicit OwnFiles(std::filesystem::path folder);
  /// Writes a file; `inside`: its path inside the folder.
  void write(std::filesystem::path const& inside, std::string_view content);
  /// A file that something else wrote just now.
  void add(std::filesystem::path const& inside);
  /// Earlier figures stay, because not all were drawn this time.
  void keep_earlier(std::filesystem::path const& inside);
  /// Removes what an earlier report left, and writes the list.
  void finish();

 private:
  using Sums = std::map<std::string, std::string>;  ///< path inside the folder -> checksum
  [[nodiscard]] Sums earlier() const;

  std::filesystem::path folder_;
  Sums written_;
};

}  // namespace mambasynth::analysis::report
