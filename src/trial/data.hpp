#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "analysis/plot/labels.hpp"
#include "config/config.hpp"
#include "series/process.hpp"
#include "series/scaling.hpp"
#include "series/windows.hpp"
#include "train/windows.hpp"

namespace mambasynth::trial {

/// The series of a trial, cut into windows.
struct TrialData {
  config::Data data;  ///< the keys that generate it; as configured if the series is foreign
  bool generated = true;
  std::string foreign_reason;           ///< why the test series and the oracle are absent, if they are
  std::string sha256;                   ///< of the series' float32 values
  train::DataSplits splits;             ///< splits.train.series is the whole series, as the network reads it
  std::int64_t segments = 1;            ///< trials of a recording, all equally long, one after the other
  series::Scaling scaling = {};         ///< of a standardized recording: from its units to the network's
  std::vector<std::string> notes = {};  ///< how the series was read, one line each, for the user
  std::vector<std::int64_t> circle;     ///< of each step; empty if the file has no states
  std::vector<double> phase;            ///< likewise, in radians; empty if the file has no angles
  series::Process process;              ///< of a foreign series, what its file holds

  [[nodiscard]] at::Tensor const& series() const { return splits.train.series; }
  [[nodiscard]] series::Segments steps() const { return {series().size(0), segments}; }
  /// What `circle` holds, as figures and tables call it.
  [[nodiscard]] analysis::plot::Labels labels() const {
    return generated ? analysis::plot::Labels::circles : analysis::plot::Labels::of_recording;
  }
};

/// Generates the series of `trial.data`, or reads the file that `path` (or trial.data.path) names, and cuts it into
/// windows as cut() does. A file's keys replace those of trial.data, except the test series' keys.
TrialData load_data(config::Trial const& trial, std::filesystem::path const& path, int threads);

/// The same without windows, and as stored: not yet standardized.
TrialData load_series(config::Trial const& trial, std::filesystem::path const& path, int threads);
/// Training and validation windows by trial.train.split; test windows in the test series if the generator is known,
/// else in the last data.test_fraction of the recording. Errors: those of series::hold_out and series::split_blocked.
void cut(TrialData& data, config::Trial const& trial, int threads);
/// If data.standardise is set, standardizes a recording by `scaling`, or if that is empty by its training windows.
void standardize(TrialData& data, config::Trial const& trial, series::Scaling const& scaling = {});

/// How many validation windows share steps with training windows.
std::int64_t overlapping_validation_windows(train::DataSplits const& splits);

/// The series without what is left of each segment after its last whole window of `length` steps, so that consecutive
/// windows from step 0 never cross the border of a segment.
struct WholeWindows {
  at::Tensor series;                 ///< (time, channel)
  std::vector<std::int64_t> circle;  ///< (time), or empty
  std::vector<double> phase;         ///< (time), or empty
  std::vector<std::int64_t> starts;  ///< of each window, in the whole series
};
/// Errors: errors::input if a segment is shorter than a window.
WholeWindows whole_windows(at::Tensor const& series, std::int64_t segments, std::span<std::int64_t const> circle,
                           std::span<double const> phase, std::int64_t length);

}  // namespace mambasynth::trial
