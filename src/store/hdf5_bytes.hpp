#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Private to this folder: parts of the HDF5 file format (File Format Specification, version 3), for KnownLayout.
namespace mambasynth::store::detail {

struct Extent {
  std::uint64_t offset = 0, size = 0;
  [[nodiscard]] std::uint64_t end() const { return offset + size; }
};

template <class T>
T number_at(std::string_view bytes, std::uint64_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// An attribute of one value.
struct StoredAttribute {
  enum class Kind { text, integer, real };
  std::string name;
  Kind kind;
  Extent value;
};

struct ObjectHeader {
  std::vector<Extent> structure;  ///< all but the values of its attributes, and checksums
  std::vector<Extent> rest;
  std::vector<StoredAttribute> attributes;
};

/// The object header at `address` (IV.A.1), of either version, with its continuations. Nothing if it holds anything
/// else than this code knows, such as an attribute of several values.
std::optional<ObjectHeader> object_header(std::string_view bytes, std::uint64_t address);

/// Collections of the global heap (III.E): texts of attributes and of text data sets.
std::vector<Extent> heaps(std::string_view bytes);

/// The text to which a stored string, 16 bytes, refers. `collection`: the bytes from an address in the file to the end
/// of the collection there; empty if it is not known. Nothing if the reference leads nowhere.
std::optional<std::string> text_of(std::string_view stored,
                                   std::function<std::string_view(std::uint64_t)> const& collection);

}  // namespace mambasynth::store::detail
