#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "series/series.hpp"
#include "series/series_file.hpp"

namespace mambasynth::series {

/// The origin of a loaded series.
struct Source {
  std::filesystem::path file;           ///< series.h5 or data.npz itself
  bool generated = false;               ///< its configuration regenerates it: all of float32 X and circles are equal
  config::Data data;                    ///< of a generated series: its keys; data.path is empty
  std::string reason;                   ///< of a foreign series: why test series and oracle are absent
  std::string sha256;                   ///< of the float32 X, 64 hexadecimal digits
  std::vector<std::string> notes = {};  ///< how a recording was read, one line each, for the user
};

struct LoadedSeries {
  Series series;
  Source source;
};

/// The series as training reads it, in half the memory.
struct TrainingSeries {
  std::int64_t n_steps = 0;
  std::int64_t channels = 0;
  std::int64_t segments = 1;         ///< trials of a recording, all equally long, one after the other
  std::vector<float> x;              ///< (N, d)
  std::vector<std::int64_t> circle;  ///< (N), empty if the file has no states
  std::vector<double> phase;         ///< (N), empty if the file has no angles
  Process process;                   ///< of a foreign series, only circles, channels and what its file holds
  Source source;
};

/// Steps first .. first + circle.size() - 1 of a series.
struct SeriesPart {
  std::int64_t n_steps = 0;  ///< of the whole series
  std::int64_t first = 0;
  std::vector<double> x;             ///< (steps, d)
  std::vector<std::int64_t> circle;  ///< (steps), empty if the file has no states
  Source source;                     ///< of the whole series
};
/// Which steps are wanted, [first, second), of a series of `n_steps`; may throw.
using WantedSteps = std::function<std::pair<std::int64_t, std::int64_t>(std::int64_t n_steps)>;

/// Reads data.npz (with config.json from the same folder), series.h5, or a folder with either, and checks it against a
/// regeneration; or a recording. Errors: errors::input (missing, truncated, unknown format, no X, wrong shapes, NaN or
/// infinite values, a folder whose two files have different configurations).
LoadedSeries load(DataFile const& data, int threads = 1);
TrainingSeries load_for_training(DataFile const& data, int threads = 1);
/// Reads and checks the whole series block by block; keeps only the wanted steps in memory.
SeriesPart load_part(DataFile const& data, WantedSteps const& wanted, int threads = 1);
SeriesPart generate_part(config::Data const& data, WantedSteps const& wanted, int threads = 1);
/// The test series of a generated series, in memory.
TrainingSeries generate_for_training(config::Data const& data, int threads = 1);

}  // namespace mambasynth::series
