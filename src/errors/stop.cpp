#include "errors/stop.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mambasynth::errors {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array stop_signals{SIGINT, SIGTERM, SIGUSR2};
constexpr auto check_interval = std::chrono::milliseconds(20);
// Slurm waits 30 s, a user less; one iteration of a loop that checks takes a fraction of this.
constexpr auto grace_period = std::chrono::milliseconds(1000);

std::atomic<int> received_signal{0};
std::atomic<int> graceful_stops{0};
std::atomic<bool> installed{false};
std::atomic<int> wake_up{-1};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");
thread_local ScopedStopCheck* innermost_check = nullptr;

void wake() noexcept {
  std::uint64_t const one = 1;
  (void)!::write(wake_up.load(std::memory_order_relaxed), &one, sizeof one);
}

extern "C" void handle_stop_signal(int signal) {
  int const before = errno;
  received_signal.store(signal, std::memory_order_relaxed);
  if (signal == SIGINT) std::signal(SIGINT, SIG_DFL);
  wake();
  errno = before;
}

}  // namespace

bool stop_requested() {
  if (stop_signal() != 0) return true;
  if (innermost_check == nullptr) return false;
  auto const time = Clock::now();
  if (time - innermost_check->last_call_ < check_interval) return false;
  innermost_check->last_call_ = time;
  return innermost_check->requested_();
}

Error Stopped::error(int signal) {
  return {ExitCode::stopped, "stopped on request",
          signal == 0 ? "the sweep is stopping" : std::string("received SIG") + ::sigabbrev_np(signal),
          "Nothing is half-written; run the same command again"};
}

int stop_signal() noexcept { return received_signal.load(std::memory_order_relaxed); }

void check_stop() {
  if (stop_requested()) throw Stopped();
}

void interruptible_sleep(double seconds) {
  auto const begin = Clock::now();
  for (double left = seconds; left > 0; left = seconds - std::chrono::duration<double>(Clock::now() - begin).count()) {
    check_stop();
    std::this_thread::sleep_for(
        std::min(std::chrono::duration<double>(left), std::chrono::duration<double>(check_interval)));
  }
}

ScopedStopCheck::ScopedStopCheck(std::function<bool()> requested)
    : requested_(std::move(requested)), outer_(std::exchange(innermost_check, this)) {}
ScopedStopCheck::~ScopedStopCheck() { innermost_check = outer_; }

bool StopFlag::requested() noexcept {
  if (requested_.load(std::memory_order_relaxed)) return true;
  try {
    if (std::this_thread::get_id() == owner_ ? !stop_requested() : stop_signal() == 0) return false;
  } catch (...) {
    return false;  // must not escape an OpenMP region; the next check_stop() outside it throws again
  }
  requested_.store(true, std::memory_order_relaxed);
  return true;
}

StopSignals::StopSignals(std::function<void()> clean)
    : outermost_(!installed.exchange(true)), clean_(std::move(clean)) {
  if (!outermost_) return;
  received_signal = 0;
  wake_up = ::eventfd(0, EFD_CLOEXEC);
  watcher_ = std::jthread([this](std::stop_token const& ending) { watch(ending); });
  struct sigaction action{};
  action.sa_handler = handle_stop_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < stop_signals.size(); ++i) sigaction(stop_signals[i], &action, &previous_[i]);
}

StopSignals::~StopSignals() {
  if (!outermost_) return;
  for (std::size_t i = 0; i < stop_signals.size(); ++i) sigaction(stop_signals[i], &previous_[i], nullptr);
  // A late walltime warning, after everything is saved, must not turn the job into a failed one.
  std::signal(SIGUSR2, SIG_IGN);
  watcher_.request_stop();
  wake();
  watcher_.join();
  ::close(wake_up.exchange(-1));
  installed = false;
}

void StopSignals::watch(std::stop_token const& ending) {
  auto const wait = [](int milliseconds) {
    struct pollfd ready{wake_up, POLLIN, 0};
    if (::poll(&ready, 1, milliseconds) <= 0) return;
    std::uint64_t count = 0;
    (void)!::read(ready.fd, &count, sizeof count);
  };
  auto ignored_since = Clock::time_point::max();
  while (!ending.stop_requested()) {
    if (stop_signal() == 0) {
      wait(-1);
      continue;
    }
    if (graceful_stops > 0) ignored_since = Clock::time_point::max();
    else if (ignored_since == Clock::time_point::max()) ignored_since = Clock::now();
    else if (Clock::now() - ignored_since > grace_period) {
      if (clean_) clean_();
      std::string const message = std::string(Stopped::error(stop_signal()).what()) + "\n";
      pollfd free{STDERR_FILENO, POLLOUT, 0};
      if (::poll(&free, 1, 0) == 1)
        (void)!::write(STDERR_FILENO, message.data(), message.size());  // only if a full pipe would not block
      ::_exit(static_cast<int>(ExitCode::stopped));
    }
    wait(50);
  }
}

GracefulStop::GracefulStop() noexcept { ++graceful_stops; }
GracefulStop::~GracefulStop() { --graceful_stops; }

}  // namespace mambasynth::errors
