#pragma once

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "store/atomic_file.hpp"

namespace mambasynth::tests {

using Rows = std::vector<std::vector<double>>;

/// The blocks of a figure's data file by the names that head them: x, y and, if they have them, ends of intervals.
inline std::map<std::string, Rows> data_blocks(std::filesystem::path const& file) {
  std::map<std::string, Rows> found;
  std::istringstream lines(store::read_text(file));
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) name = line.substr(2, line.rfind(": x y") - 2);
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    auto& row = found[name].emplace_back();
    for (std::string word; words >> word;) row.push_back(std::stod(word));
  }
  return found;
}

}  // namespace mambasynth::tests
