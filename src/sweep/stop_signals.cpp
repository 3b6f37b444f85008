#include "sweep/stop_signals.hpp"

#include <atomic>

namespace mambasynth::sweep {
namespace {

constexpr std::array stop_signals{SIGINT, SIGTERM, SIGUSR2};
std::atomic<int> received_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");

extern "C" void note_signal(int signal) {
  received_signal.store(signal, std::memory_order_relaxed);
  if (signal == SIGINT) std::signal(SIGINT, SIG_DFL);
}

}  // namespace

StopSignals::StopSignals() {
  received_signal = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < stop_signals.size(); ++i) sigaction(stop_signals[i], &action, &previous_[i]);
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < stop_signals.size(); ++i) sigaction(stop_signals[i], &previous_[i], nullptr);
  // A warning that comes when everything is saved must not make the job a failed one.
  std::signal(SIGUSR2, SIG_IGN);
}

int StopSignals::received() noexcept { return received_signal.load(std::memory_order_relaxed); }

}  // namespace mambasynth::sweep
