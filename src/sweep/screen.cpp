#include "sweep/screen.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <string_view>

namespace mambasynth::sweep {
namespace {

constexpr std::size_t usual_columns = 80;

std::optional<std::size_t> columns_of(int descriptor) {
  if (::isatty(descriptor) != 1) return std::nullopt;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

/// mpirun reads its ranks' stderr from pipes. With any other parent, such as a shell, we cannot know where a pipe ends.
bool is_mpirun(pid_t process) {
  constexpr std::array<std::string_view, 4> names{"mpirun", "mpiexec", "orterun", "prterun"};
  std::string name;
  std::getline(std::ifstream("/proc/" + std::to_string(process) + "/comm") >> std::ws, name);
  return std::any_of(names.begin(), names.end(), [&](auto known) { return name.starts_with(known); });
}

bool is_pipe(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

}  // namespace

std::optional<std::size_t> screen_columns() {
  if (auto const own = columns_of(STDERR_FILENO)) return own;
  auto const parent = ::getppid();
  if (!is_pipe(STDERR_FILENO) || !is_mpirun(parent)) return std::nullopt;
  auto const path = "/proc/" + std::to_string(parent) + "/fd/" + std::to_string(STDERR_FILENO);
  int const descriptor = ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  auto const columns = columns_of(descriptor);
  ::close(descriptor);
  return columns;
}

}  // namespace mambasynth::sweep
