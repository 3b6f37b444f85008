#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "store/archive/npz.hpp"

/// Private to this folder: NumPy's .npy format, versions 1 to 3
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
namespace mambasynth::store::npy {

/// Bytes that are read from front to end; `read` throws errors::input when fewer are left.
struct Source {
  std::filesystem::path file;
  std::string name;  ///< the member, or "" for a file of its own
  std::uint64_t size = 0;
  std::function<void(void*, std::size_t)> read;
};

NpyArray parse(Source const& source);

/// Magic, version 1.0 and the header, padded so that the data starts at a multiple of 64 bytes.
std::string header(std::string const& dtype, std::vector<std::int64_t> const& shape);

}  // namespace mambasynth::store::npy
