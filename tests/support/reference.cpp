#include "support/reference.hpp"

#include <cstdlib>

namespace mambasynth::tests {

std::filesystem::path reference_file(std::string const& name) {
  char const* named = std::getenv("MAMBASYNTH_REFERENCE");
  std::filesystem::path const folder = named ? named : MAMBASYNTH_DEFAULT_REFERENCE;
  auto const file = folder / name;
  return std::filesystem::exists(file) ? file : std::filesystem::path{};
}

}  // namespace mambasynth::tests
