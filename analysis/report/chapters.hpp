#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/collation.hpp"

namespace mambasynth::analysis::report {

/// One sweep of a report.
struct Chapter {
  std::string name;   ///< as its sweep.toml has it
  std::string label;  ///< for files and links: letters, digits, "-" and "_"; unique in a report
  std::vector<std::filesystem::path> folders;
  std::string sweep_toml;  ///< verbatim, of the first folder; empty for single trials
  std::int64_t trials_per_gpu = 1;
  std::vector<collate::SweepFolder> read;
  collate::Collation collation = {};
};

/// One for each name and set of axes. The parts of a sweep are one chapter, and so are all single trials.
std::vector<Chapter> chapters_of(std::vector<collate::SweepFolder> folders);

}  // namespace mambasynth::analysis::report
