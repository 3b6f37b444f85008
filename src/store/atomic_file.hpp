#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace mambasynth::store {

/// A file that appears complete or not at all: it is written under a temporary name in the same folder (so the rename
/// stays within one file system), flushed with fsync, and renamed; then the folder is flushed. Errors: errors::machine,
/// naming the file and the reason (no space left, permission denied).
class AtomicFile {
 public:
  /// Creates the parent folder if it is missing.
  explicit AtomicFile(std::filesystem::path target);
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;
  /// Removes the temporary file unless committed.
  ~AtomicFile();

  /// Write to this path with any library, and close it before commit().
  [[nodiscard]] std::filesystem::path const& temporary() const noexcept { return temporary_; }
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

void write_atomically(std::filesystem::path const& target, std::string_view content);
/// Reads the whole file, or somewhat more than `most_bytes` of a longer one. Errors: errors::input if it cannot be
/// read.
std::string read_text(std::filesystem::path const& file, std::size_t most_bytes = SIZE_MAX);
/// Creates the folder and its parents and verifies that it is writable. Errors: errors::machine.
void require_writable_folder(std::filesystem::path const& folder);

}  // namespace mambasynth::store
