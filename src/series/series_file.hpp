#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "series/stream.hpp"

namespace mambasynth::series {

/// A file with a series, and which of its arrays to read.
struct DataFile {
  DataFile(std::filesystem::path file) : path(std::move(file)) {}  // NOLINT: a path is such a file
  DataFile(char const* file) : path(file) {}                       // NOLINT
  /// `file` instead of data.path.
  DataFile(std::filesystem::path file, config::Data const& data)
      : path(std::move(file)), array(data.array), labels(data.labels) {}
  explicit DataFile(config::Data const& data) : DataFile(data.path, data) {}

  std::filesystem::path path;
  std::string array, labels;  ///< as data.array and data.labels
};

/// An open series file: its shape and configuration are known; its steps are read block by block.
class SeriesFile {
 public:
  virtual ~SeriesFile() = default;

  std::filesystem::path file;
  std::int64_t n_steps = 0;
  std::int64_t segments = 1;            ///< trials of a recording, all equally long, one after the other
  std::vector<std::string> notes;       ///< how the file was read, one line each, for the user
  std::optional<config::Data> claimed;  ///< the configuration that the file claims
  std::string unclaimed_because;        ///< why it claims none
  Process stored;                       ///< circles, channels and whatever else the file holds about the process

  /// Reads blocks of `block_steps` steps; circle and phase are empty if the file lacks them.
  virtual void read(std::int64_t block_steps, std::function<void(Block const&)> const& consume) const = 0;
};

/// `data.path`: data.npz, series.h5, a folder with either (series.h5 if both exist and agree), or a recording. Errors:
/// errors::input. Does not read all of a series.h5.
std::unique_ptr<SeriesFile> open_series(DataFile const& data);
/// Whether the folder has a series that open_series would open.
bool holds_series(std::filesystem::path const& folder);

}  // namespace mambasynth::series
