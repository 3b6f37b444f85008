#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
    std::string facts;                 ///< a group whose attributes may differ; their values are not read
  };
  /// Nothing if the file stores any of `numbers` in another way than as plain doubles (chunked, compressed, another
  /// type or byte order). Errors: errors::input as Hdf5Reader.
  static std::optional<KnownLayout> of(std::filesystem::path const& file, Wanted const& wanted);

  /// The values of `numbers`, one data set after another; nothing if the file has another layout or cannot be read.
  [[nodiscard]] std::optional<std::vector<double>> read(int descriptor) const;

 private:
  struct Extent {
    std::uint64_t offset = 0, size = 0;
    [[nodiscard]] std::uint64_t end() const { return offset + size; }
  };
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
};

}  // namespace mambasynth::store
