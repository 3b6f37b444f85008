#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "series/stream.hpp"

namespace mambasynth::series {

/// An open series file: its shape and configuration are known; its steps are read block by block.
class SeriesFile {
 public:
  virtual ~SeriesFile() = default;

  std::filesystem::path file;
  std::int64_t n_steps = 0;
  std::optional<config::Data> claimed;  ///< the configuration that the file claims
  std::string unclaimed_because;        ///< why it claims none
  Process stored;                       ///< circles, channels and whatever else the file holds about the process

  /// Reads blocks of `block_steps` steps; circle and phase are empty if the file lacks them.
  virtual void read(std::int64_t block_steps, std::function<void(Block const&)> const& consume) const = 0;
};

/// `path`: data.npz, series.h5 or a folder with either (series.h5 if both exist and agree). Errors: errors::input. Does
/// not read all of a series.h5.
std::unique_ptr<SeriesFile> open_series(std::filesystem::path const& path);

}  // namespace mambasynth::series
