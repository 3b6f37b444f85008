#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "series/process.hpp"
#include "train/windows.hpp"

namespace mambasynth::trial {

/// The series of a trial, cut into windows.
struct TrialData {
  config::Data data;  ///< the keys that generate it; as configured if the series is foreign
  bool generated = true;
  std::string foreign_reason;        ///< why the test series and the oracle are absent, if they are
  std::string sha256;                ///< of the series' float32 values
  train::DataSplits splits;          ///< splits.train.series is the whole series
  std::vector<std::int64_t> circle;  ///< of each step; empty if the file has no states
  std::vector<double> phase;         ///< likewise, in radians; empty if the file has no angles
  series::Process process;           ///< of a foreign series, what its file holds
};

/// Generates the series of `trial.data`, or reads the file that `path` (or trial.data.path) names: training and
/// validation windows by trial.train.split, and the test series if the generator is known. A file's keys replace those
/// of trial.data, except the test series' keys.
TrialData load_data(config::Trial const& trial, std::filesystem::path const& path, int threads);

}  // namespace mambasynth::trial
