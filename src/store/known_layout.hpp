#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/hdf5.hpp"
#include "store/hdf5_bytes.hpp"

namespace mambasynth::store {

/// Where the numbers of an HDF5 file stand, for reading them from other files that the same calls wrote. Such files
/// agree in every byte but the values themselves, so that all of a file's structure is verified by comparing bytes,
/// after which its numbers are read where they stand. (A text of another length may move others: then the layout
/// differs.) HDF5 takes 20 us to look up one data set; this takes 200 us for a whole file of a hundred.
class KnownLayout {
 public:
  struct Wanted {
    std::vector<std::string> numbers;  ///< double-precision data sets to read
    std::vector<std::string> scales;   ///< data sets whose values are part of the layout
    std::vector<std::string> names;    ///< data sets of texts that are part of the layout
    std::string facts;                 ///< a group whose attributes are read, too
  };
  struct Values {
    std::vector<double> numbers;  ///< one data set after another
    Attributes facts;
  };
  /// Nothing if the file stores any of `numbers` in another way than as plain doubles (chunked, compressed, another
  /// type or byte order), or the facts as other than single texts, 64-bit integers and doubles. Errors: errors::input
  /// as Hdf5Reader.
  static std::optional<KnownLayout> of(std::filesystem::path const& file, Wanted const& wanted);

  /// Nothing if the file has another layout or cannot be read.
  [[nodiscard]] std::optional<Values> read(int descriptor) const;

 private:
  using Extent = detail::Extent;
  /// Bytes that a file of this layout has, too.
  struct Same {
    Extent extent;
    std::size_t at;  ///< in bytes_
  };
  static std::vector<Extent> merged(std::vector<Extent> extents, std::uint64_t gap);

  std::uint64_t file_size_ = 0;
  std::vector<Extent> numbers_;
  std::vector<Same> same_;
  std::vector<char> bytes_;
  std::vector<Extent> spans_;  ///< what is read: all of the above, joined where little lies between
  std::uint64_t count_ = 0;    ///< doubles
  std::vector<detail::StoredAttribute> facts_;
  std::vector<std::pair<Extent, std::string>> names_;  ///< a stored string, and its text
};

}  // namespace mambasynth::store
