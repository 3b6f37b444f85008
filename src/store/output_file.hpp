#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "errors/errors.hpp"

namespace mambasynth::store {

/// errors::machine for a file that could not be written, with the system's reason and the remedy.
errors::Error cannot_write(std::filesystem::path const& file, int errno_value);

/// A file written sequentially. Unlike a stream, it reports why a write failed. Use with AtomicFile::temporary().
class OutputFile {
 public:
  /// Truncates the file. Errors of all members: errors::machine.
  explicit OutputFile(std::filesystem::path file);
  OutputFile(OutputFile const&) = delete;
  OutputFile& operator=(OutputFile const&) = delete;
  ~OutputFile();  ///< closes without writing what is still buffered; call close()

  void write(void const* bytes, std::size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  void close();

 private:
  void flush();
  void write_through(char const* bytes, std::size_t count);
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::uint64_t position_ = 0;
  std::vector<char> buffer_;
};

}  // namespace mambasynth::store
