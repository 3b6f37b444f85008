#include "commands/leave.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "errors/errors.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace mambasynth::commands {
namespace {

/// Whether all that was printed has reached its reader; one that has gone away (a closed pipe) wants no more.
bool flush_stdout() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  if (errno == EPIPE) return true;
  fmt::print(stderr, "{}\n", errors::machine("stdout cannot be written", errno == 0 ? "an earlier write failed" : errors::system_reason(errno),
                                             "Free space, or send the output elsewhere").what());
  return false;
}

}  // namespace

void leave(int code) {
  if (!flush_stdout() && code == 0) code = static_cast<int>(errors::ExitCode::defect);
  std::fflush(stderr);
#if defined(__SANITIZE_ADDRESS__)
  __lsan_do_leak_check();  // otherwise done at exit
#endif
  std::_Exit(code);
}

}  // namespace mambasynth::commands
