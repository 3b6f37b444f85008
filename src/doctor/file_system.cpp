#include <sys/statvfs.h>

#include <fstream>
#include <sstream>

#include "doctor/inspect.hpp"

namespace mambasynth::doctor {
namespace {

/// Decodes the list of mounts, which writes a space as \040.
std::string unescaped(std::string const& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool lies_in(std::string const& path, std::string const& folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

std::string file_system_type(std::string const& path) {
  std::ifstream mounts("/proc/self/mounts");
  std::string type = "unknown";
  std::size_t longest = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, folder, kind;
    words >> device >> folder >> kind;
    folder = unescaped(folder);
    // A later mount hides an earlier one at the same mount point.
    if (lies_in(path, folder) && folder.size() >= longest && kind != "autofs") {
      longest = folder.size();
      type = kind;
    }
  }
  return type;
}

Space space_at(std::string const& path) {
  struct statvfs facts{};
  if (::statvfs(path.c_str(), &facts) != 0) return {path, 0, 0};
  auto const block = static_cast<double>(facts.f_frsize) / 1e6;
  return {path, static_cast<double>(facts.f_blocks) * block, static_cast<double>(facts.f_bavail) * block};
}

}  // namespace mambasynth::doctor
