#include "sweep/leftovers.hpp"

#include <vector>

namespace mambasynth::sweep {

void remove_leftovers(std::filesystem::path const& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> leftovers;
  for (auto const& entry : std::filesystem::directory_iterator(folder, ignored)) {
    auto const name = entry.path().filename().string();
    if (name.starts_with('.') && name.ends_with(".tmp")) leftovers.push_back(entry.path());
  }
  for (auto const& file : leftovers) std::filesystem::remove(file, ignored);
}

}  // namespace mambasynth::sweep
