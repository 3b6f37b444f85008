#pragma once

#include <filesystem>
#include <string_view>

#include "store/output_file.hpp"

namespace mambasynth::tests {

/// Writes without fsync: the loops over damaged copies write thousands of files.
inline void write_copy(std::filesystem::path const& file, std::string_view content) {
  store::OutputFile out(file);
  out.write(content);
  out.close();
}

}  // namespace mambasynth::tests
