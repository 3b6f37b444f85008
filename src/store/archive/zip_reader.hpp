#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "errors/errors.hpp"

struct zip;
struct zip_file;

/// Private to this folder: reads zip archives with libzip (including zip64 and data descriptors).
namespace mambasynth::store::archive {

/// What an unexpected file is, judging by its first bytes, e.g. "it is an HDF5 file".
std::string looks_like(std::filesystem::path const& file);

errors::Error unreadable(std::filesystem::path const& file, std::string const& why,
                         std::string const& remedy = "Give a complete file of the expected kind");

/// Where libraries differ: of several members with the same name, zipfile (and therefore NumPy) reads the last and
/// PyTorch the first; PyTorch treats a checksum of 0 as missing (torch.serialization.set_crc32_options).
enum class Dialect { zipfile, torch };

/// One member, read from front to end. Its checksum is verified when the last byte has been read.
class ZipMember {
 public:
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  /// Errors: errors::input if fewer bytes are left or they are damaged.
  void read(void* into, std::size_t count);

 private:
  friend class ZipReader;
  struct Close {
    void operator()(zip_file* member) const noexcept;
  };
  std::unique_ptr<zip_file, Close> member_;
  std::filesystem::path file_;
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t left_ = 0;
  bool checked_ = true;
};

class ZipReader {
 public:
  /// `kind` is what the archive should be, e.g. ".npz archive", for messages.
  /// Errors: errors::input (missing, truncated, something else).
  ZipReader(std::filesystem::path file, std::string const& kind, Dialect dialect = Dialect::zipfile);

  [[nodiscard]] std::filesystem::path const& file() const noexcept { return file_; }
  [[nodiscard]] std::uint64_t file_size() const noexcept { return file_size_; }
  /// In the archive's order, without duplicates.
  [[nodiscard]] std::vector<std::string> const& names() const noexcept { return names_; }
  [[nodiscard]] bool has(std::string const& name) const;
  /// Errors: errors::input (no such member, a size that the file cannot hold).
  [[nodiscard]] ZipMember open(std::string const& name) const;
  [[nodiscard]] std::vector<std::byte> read(std::string const& name) const;

 private:
  struct Discard {
    void operator()(zip* archive) const noexcept;
  };
  void list();
  std::filesystem::path file_;
  std::uint64_t file_size_ = 0;
  std::unique_ptr<zip, Discard> archive_;
  Dialect dialect_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint64_t> places_;
};

}  // namespace mambasynth::store::archive
