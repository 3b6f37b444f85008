#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

namespace mambasynth::tests {

/// Whether figures can be drawn here.
inline bool gnuplot_installed() {
  char const* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((std::filesystem::path(folder) / "gnuplot").c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace mambasynth::tests
