#include "streams/streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

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

/// The line that show_status() shows.
struct Status {
  std::mutex mutex;
  std::atomic<bool> used = false;  ///< once it is, all writers take the mutex
  std::string shown;
};

Status& status() {
  static auto* const line = new Status;
  return *line;
}

constexpr std::string_view erase_line = "\r\x1b[K";

/// Erases the status line, and keeps others from showing one until the result is destroyed.
[[nodiscard]] std::unique_lock<std::mutex> without_status() {
  auto& line = status();
  if (!line.used) return {};
  std::unique_lock guard(line.mutex);
  if (!std::exchange(line.shown, {}).empty() && wait_for_stderr()) (void)write_all(STDERR_FILENO, erase_line);
  return guard;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::atomic<double>& last_log() {
  static std::atomic<double> time = now();
  return time;
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
  bool const on_terminal = ::isatty(STDOUT_FILENO) == 1;
  if (out.pending.size() < buffer_bytes && !on_terminal) return;
  auto const alone = on_terminal ? without_status() : std::unique_lock<std::mutex>{};
  out.flush();
}

bool flush() {
  auto& out = output();
  std::scoped_lock const guard(out.mutex);
  out.flush();
  return out.failure == 0;
}

void log_text(std::string_view text) {
  auto const before = errno;
  last_log() = now();
  auto const alone = without_status();
  while (!text.empty() && wait_for_stderr()) {
    auto const part = text.substr(0, PIPE_BUF);
    if (write_all(STDERR_FILENO, part) != 0) break;
    text.remove_prefix(part.size());
  }
  errno = before;
}

double seconds_since_log() { return now() - last_log(); }

void show_status(std::string_view text) {
  auto& line = status();
  line.used = true;
  std::unique_lock const guard(line.mutex, std::try_to_lock);
  if (!guard || line.shown == text) return;
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1) return;
  if (write_all(STDERR_FILENO, text.empty() ? std::string(erase_line) : fmt::format("\r{}\x1b[K", text)) == 0)
    line.shown = text;
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
