#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace mambasynth::tests {

/// A golden file of the original program, in the folder MAMBASYNTH_REFERENCE (default: shared/reference next to the
/// checkout). Empty if it is missing (the test then skips).
std::filesystem::path reference_file(std::string const& name);

/// A fresh, empty folder that is removed at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "mambasynth-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mambasynth::tests
