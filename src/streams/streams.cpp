#include "streams/streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <string>

#include "errors/errors.hpp"
#include "errors/stop.hpp"

namespace mambasynth::streams {
namespace {

constexpr std::size_t buffer_bytes = 65536;

/// Returns 0, or the errno of the write that failed. The parent process may have made the stream non-blocking.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    auto const written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{descriptor, POLLOUT, 0};
      if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/// Waits until stderr accepts `PIPE_BUF` bytes without blocking, or fails. Returns false if a stop is requested first:
/// a stalled reader (a pager, a job script's pipe) must not keep the process alive.
bool wait_for_stderr() {
  constexpr int interval_ms = 100;
  for (;;) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    auto const found = ::poll(&ready, 1, interval_ms);
    if (found > 0 || (found < 0 && errno != EINTR)) return true;
    if (errors::stop_signal() != 0) return false;
  }
}

struct Output {
  std::mutex mutex;
  std::string pending;
  int failure = 0;
  bool reported = false;

  void flush() {
    if (failure == 0) failure = write_all(STDOUT_FILENO, pending);
    pending.clear();
  }
};

/// Never destroyed: a thread may still print while the process exits.
Output& output() {
  static auto* const all = new Output;
  return *all;
}

}  // namespace

void prepare() {
  for (int const descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // open() returns the lowest free descriptor, which is the missing one. Writes to a closed stdout must keep failing.
    (void)::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void print_text(std::string_view text) {
  auto& out = output();
  std::scoped_lock const guard(out.mutex);
  out.pending += text;
  if (out.pending.size() >= buffer_bytes || ::isatty(STDOUT_FILENO) == 1) out.flush();
}

bool flush() {
  auto& out = output();
  std::scoped_lock const guard(out.mutex);
  out.flush();
  return out.failure == 0;
}

void log_text(std::string_view text) {
  auto const before = errno;
  while (!text.empty() && wait_for_stderr()) {
    auto const part = text.substr(0, PIPE_BUF);
    if (write_all(STDERR_FILENO, part) != 0) break;
    text.remove_prefix(part.size());
  }
  errno = before;
}

int finish(int code) {
  if (flush()) return code;
  auto& out = output();
  std::scoped_lock const guard(out.mutex);
  if (out.failure == EPIPE) return code;
  if (!std::exchange(out.reported, true))
    log("{}\n", errors::machine("cannot write to stdout", errors::system_reason(out.failure),
                                "Free space, or redirect the output elsewhere")
                    .what());
  return code == 0 ? static_cast<int>(errors::ExitCode::defect) : code;
}

}  // namespace mambasynth::streams
