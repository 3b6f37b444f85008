#include "progress/screen.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <string_view>

#include "environment/environment.hpp"

namespace mambasynth::progress {
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

/// Shells that export COLUMNS know better than a terminal that reports no size; nonsense is silently ignored, as
/// elsewhere.
std::optional<std::size_t> columns_in_environment() {
  auto const text = environment::value("COLUMNS");
  auto const columns = text ? environment::parse_integer(*text, 1, std::numeric_limits<int>::max()) : std::nullopt;
  return columns ? std::optional(static_cast<std::size_t>(*columns)) : std::nullopt;
}

}  // namespace

Screen::Screen() : redraws_(environment::value("TERM") != "dumb"), most_(columns_in_environment()) {
  auto const parent = ::getppid();
  if (::isatty(STDERR_FILENO) != 1 && is_pipe(STDERR_FILENO) && is_mpirun(parent))
    forwarded_ = "/proc/" + std::to_string(parent) + "/fd/" + std::to_string(STDERR_FILENO);
}

std::optional<std::size_t> Screen::columns() const {
  if (!redraws_) return std::nullopt;
  std::optional<std::size_t> columns;
  if (forwarded_.empty()) {
    columns = columns_of(STDERR_FILENO);
  } else {
    int const descriptor = ::open(forwarded_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return std::nullopt;
    columns = columns_of(descriptor);
    ::close(descriptor);
  }
  return columns && most_ ? std::min(*columns, *most_) : columns;
}

}  // namespace mambasynth::progress
