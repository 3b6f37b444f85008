#include "sweep/leftovers.hpp"

#include <regex>
#include <string>
#include <vector>

namespace mambasynth::sweep {

namespace {

/// `.NAME.HOST.PID.N.tmp` of store::AtomicFile; a folder may hold other programs' `.tmp`.
bool is_ours(std::string const& name) {
  static std::regex const form(R"(\..+\.[0-9]+\.[0-9]+\.tmp)");
  return std::regex_match(name, form);
}

}  // namespace

void remove_leftovers(std::filesystem::path const& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> leftovers;
  for (auto const& entry : std::filesystem::directory_iterator(folder, ignored)) {
    auto const name = entry.path().filename().string();
    if (is_ours(name)) leftovers.push_back(entry.path());
  }
  for (auto const& file : leftovers) std::filesystem::remove(file, ignored);
}

}  // namespace mambasynth::sweep
