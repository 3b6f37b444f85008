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
constexpr auto question_interval = std::chrono::milliseconds(20);
// Slurm waits 30 s, a user less; a step of a loop that asks takes a fraction of this.
constexpr auto heeded_within = std::chrono::milliseconds(1000);

std::atomic<int> received_signal{0};
std::atomic<int> saving{0};
std::atomic<bool> installed{false};
std::atomic<int> wake_up{-1};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");
thread_local StopQuestion* question = nullptr;

void wake() noexcept {
  std::uint64_t const one = 1;
  (void)!::write(wake_up.load(std::memory_order_relaxed), &one, sizeof one);
}

extern "C" void note_stop_signal(int signal) {
  int const before = errno;
  received_signal.store(signal, std::memory_order_relaxed);
  if (signal == SIGINT) std::signal(SIGINT, SIG_DFL);
  wake();
  errno = before;
}

}  // namespace

bool asked_to_stop() {
  if (stop_signal() != 0) return true;
  if (question == nullptr) return false;
  auto const time = Clock::now();
  if (time - question->asked_ < question_interval) return false;
  question->asked_ = time;
  return question->requested_();
}

Error Stopped::error(int signal) {
  return {ExitCode::stopped, "stopped on request",
          signal == 0 ? "the sweep stops" : std::string("the signal ") + ::sigabbrev_np(signal) + " came",
          "Nothing is half-written; run the same command again"};
}

int stop_signal() noexcept { return received_signal.load(std::memory_order_relaxed); }

void heed_stop() {
  if (asked_to_stop()) throw Stopped();
}

void sleep_heeding(double seconds) {
  auto const begin = Clock::now();
  for (double left = seconds; left > 0; left = seconds - std::chrono::duration<double>(Clock::now() - begin).count()) {
    heed_stop();
    std::this_thread::sleep_for(
        std::min(std::chrono::duration<double>(left), std::chrono::duration<double>(question_interval)));
  }
}

StopQuestion::StopQuestion(std::function<bool()> requested)
    : requested_(std::move(requested)), outer_(std::exchange(question, this)) {}
StopQuestion::~StopQuestion() { question = outer_; }

bool SharedStop::requested() noexcept {
  if (requested_.load(std::memory_order_relaxed)) return true;
  try {
    if (std::this_thread::get_id() == owner_ ? !asked_to_stop() : stop_signal() == 0) return false;
  } catch (...) {
    return false;  // nobody can catch it here; who asks next outside of the loop can
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
  action.sa_handler = note_stop_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < stop_signals.size(); ++i) sigaction(stop_signals[i], &action, &previous_[i]);
}

StopSignals::~StopSignals() {
  if (!outermost_) return;
  for (std::size_t i = 0; i < stop_signals.size(); ++i) sigaction(stop_signals[i], &previous_[i], nullptr);
  // A warning that comes when everything is saved must not make the job a failed one.
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
  auto unheeded_since = Clock::time_point::max();
  while (!ending.stop_requested()) {
    if (stop_signal() == 0) {
      wait(-1);
      continue;
    }
    if (saving > 0) unheeded_since = Clock::time_point::max();
    else if (unheeded_since == Clock::time_point::max()) unheeded_since = Clock::now();
    else if (Clock::now() - unheeded_since > heeded_within) {
      if (clean_) clean_();
      std::string const message = std::string(Stopped::error(stop_signal()).what()) + "\n";
      pollfd free{STDERR_FILENO, POLLOUT, 0};
      if (::poll(&free, 1, 0) == 1)
        (void)!::write(STDERR_FILENO, message.data(), message.size());  // a full pipe would keep it
      ::_exit(static_cast<int>(ExitCode::stopped));
    }
    wait(50);
  }
}

SavesFirst::SavesFirst() noexcept { ++saving; }
SavesFirst::~SavesFirst() { --saving; }

}  // namespace mambasynth::errors
