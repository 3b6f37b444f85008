#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "series/digest.hpp"
#include "series/series.hpp"

namespace mambasynth::series {

inline constexpr std::int64_t schema_version = 1;
/// An npz is written from memory and read as a whole, so longer series are HDF5 only.
inline constexpr std::int64_t npz_most_steps = 10'000'000;

/// Compressing data.npz takes most of the time that writing a series takes; the stage's name.
inline constexpr char const* npz_stage = "data.npz";

struct Formats {
  bool h5 = true;
  bool npz = true;
  /// Both up to npz_most_steps, HDF5 alone above.
  static Formats by_default(std::int64_t n_steps) { return {true, n_steps <= npz_most_steps}; }
};

struct WriteOptions {
  Formats formats;
  int threads = 1;                         ///< with 2 or more, writing overlaps with the draws
  std::vector<std::int64_t> sampled = {};  ///< steps that the digest keeps, ascending
};

/// Generates the series of `data` into `folder`: series.h5 (in constant memory), data.npz and config.json.
/// Errors: errors::usage (npz of a series above npz_most_steps), errors::machine (folder, disk).
Digest write_series(config::Data const& data, std::filesystem::path const& folder, WriteOptions const& options);

}  // namespace mambasynth::series
