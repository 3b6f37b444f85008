#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "support/reference.hpp"

namespace mambasynth::tests {

/// A root folder with made-up proc and sys files: relative path -> contents.
class FakeRoot {
 public:
  explicit FakeRoot(std::map<std::string, std::string> const& files) {
    for (auto const& [path, text] : files) {
      std::filesystem::create_directories((folder_.path() / path).parent_path());
      std::ofstream(folder_.path() / path) << text;
    }
  }
  [[nodiscard]] std::filesystem::path const& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace mambasynth::tests
