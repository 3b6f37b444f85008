#pragma once

#include <sys/types.h>

#include <filesystem>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// trials.csv and tidy.csv of a sweep. Errors: errors::machine.
void write_data_csv(SweepFolder const& sweep, std::filesystem::path const& folder);

/// The same and tidy.h5. The text of many trials, a gigabyte for ten thousand, is written by a process of its own while
/// this one compares the trials.
class DataFiles {
 public:
  /// Starts writing into `folder`. Call it while this process has no threads.
  DataFiles(SweepFolder const& sweep, std::filesystem::path folder);
  DataFiles(DataFiles const&) = delete;
  DataFiles& operator=(DataFiles const&) = delete;
  ~DataFiles();

  /// Returns once all three are complete. Errors: errors::machine.
  void finish();

 private:
  [[nodiscard]] bool child_has_written();

  SweepFolder const& sweep_;
  std::filesystem::path folder_;
  pid_t child_ = -1;
};

}  // namespace mambasynth::analysis::collate
