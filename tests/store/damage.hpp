#pragma once

#include <filesystem>
#include <string_view>

#include "store/output_file.hpp"

namespace mambasynth::tests {

/// Writes a new file without fsync: the loops over damaged copies write thousands of files, and ext4 flushes
/// overwritten ones.
inline void write_copy(std::filesystem::path const& file, std::string_view content) {
  std::filesystem::remove(file);
  store::OutputFile out(file);
  out.write(content);
  out.close();
}

}  // namespace mambasynth::tests
