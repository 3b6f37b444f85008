#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "series/stream.hpp"

namespace mambasynth::series {

/// A stored series, opened: its shape and configuration are known, its steps are read block by block.
class SeriesFile {
 public:
  virtual ~SeriesFile() = default;

  std::filesystem::path file;
  std::int64_t n_steps = 0;
  std::optional<config::Data> claimed;  ///< what the file says that it was generated from
  std::string unclaimed_because;        ///< why it says nothing
  Process stored;                       ///< circles, channels and what else the file holds of the process

  /// Blocks of `block_steps` steps; circle and phase are empty where the file lacks them.
  virtual void read(std::int64_t block_steps, std::function<void(Block const&)> const& consume) const = 0;
};

/// `path`: data.npz, series.h5 or a folder with either (series.h5 where both are there and agree).
/// Errors: errors::input. A series.h5 is not read whole.
std::unique_ptr<SeriesFile> open_series(std::filesystem::path const& path);

}  // namespace mambasynth::series
