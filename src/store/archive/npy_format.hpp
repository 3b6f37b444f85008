#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "store/archive/npz.hpp"

/// Private to this folder: NumPy's .npy format, versions 1 to 3
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
namespace mambasynth::store::npy {

/// Bytes that are read sequentially; `read` throws errors::input if fewer are left.
struct Source {
  std::filesystem::path file;
  std::string name;  ///< the member of an archive; "" for a .npy file
  std::uint64_t size = 0;
  std::function<void(void*, std::size_t)> read;

  [[nodiscard]] std::string description() const {
    return (name.empty() ? "" : "'" + name + "' of ") + "'" + file.string() + "'";
  }
};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t item = 0;       ///< bytes per element, at least 1
  std::uint64_t payload = 0;  ///< bytes of all elements, all of which the source still has

  /// Whether the order matters and the first axis is the fastest.
  [[nodiscard]] bool first_axis_fastest() const { return fortran_order && shape.size() > 1 && item > 0; }
  /// The `descr` of the bytes after little_endian().
  [[nodiscard]] std::string native_descr() const;
  void little_endian(std::vector<std::byte>& bytes) const;
};

/// Reads only the header. Errors: errors::input (not an npy array, a type other than plain values, a size in bytes
/// that does not match shape and type).
Header read_header(Source const& source);
/// The data after the header.
NpyArray read_payload(Source const& source, Header const& header);

/// Magic, version 1.0 and the header, padded so that the data starts at a multiple of 64 bytes.
std::string header(std::string const& dtype, std::vector<std::int64_t> const& shape);

}  // namespace mambasynth::store::npy
