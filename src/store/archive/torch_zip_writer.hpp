#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "store/output_file.hpp"

namespace mambasynth::store::archive {

/// Private to this folder: the zip layout of torch.save, which torch maps into memory: uncompressed members, data at
/// multiples of 64 bytes (padded by an extra field of the local header), sizes and checksum after the data, and always
/// zip64 records at the end. Written by hand because torch may compute the position of data from this layout alone. No
/// time stamps. Errors: errors::machine.
class TorchZipWriter {
 public:
  static constexpr std::uint64_t alignment = 64;

  explicit TorchZipWriter(std::filesystem::path const& file) : out_(file) {}
  void add(std::string const& name, std::string_view data);
  /// Checksums of the members so far, in order.
  [[nodiscard]] std::vector<std::uint32_t> checksums() const;
  void close();

 private:
  struct Member {
    std::string name;
    std::uint64_t offset = 0, size = 0;
    std::uint32_t checksum = 0;
  };
  OutputFile out_;
  std::vector<Member> members_;
};

}  // namespace mambasynth::store::archive
