#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace mambasynth::store {

/// A file that appears whole or not at all: written under a temporary name in the same folder (so that the rename
/// stays within one file system), flushed with fsync, renamed; then the folder is flushed too.
/// Errors: errors::machine, naming the file and the reason (no space left, permission denied).
class AtomicFile {
 public:
  /// Creates the parent folder where it is missing.
  explicit AtomicFile(std::filesystem::path target);
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;
  /// Removes the temporary file unless committed.
  ~AtomicFile();

  /// Write here, with any library, and close before commit().
  [[nodiscard]] std::filesystem::path const& temporary() const noexcept { return temporary_; }
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

void write_atomically(std::filesystem::path const& target, std::string_view content);
/// The whole file, or of a longer one some bytes more than `most_bytes`; errors::input when it cannot be read.
std::string read_text(std::filesystem::path const& file, std::size_t most_bytes = SIZE_MAX);
/// Creates the folder (and its parents) and proves that it can be written; errors::machine otherwise.
void require_writable_folder(std::filesystem::path const& folder);

}  // namespace mambasynth::store
