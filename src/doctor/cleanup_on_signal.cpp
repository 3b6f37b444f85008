#include <unistd.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "doctor/folder.hpp"
#include "errors/stop.hpp"

namespace mambasynth::doctor {

struct CleanupOnSignal::State {
  std::mutex mutex;
  std::string folder;
  sigset_t signals{}, before{};
  std::jthread thread;
};

CleanupOnSignal::CleanupOnSignal() : state_(std::make_shared<State>()) {
  auto& state = *state_;
  sigemptyset(&state.signals);
  for (int const signal : {SIGTERM, SIGINT, SIGUSR2, SIGHUP}) sigaddset(&state.signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &state.signals, &state.before);
  state.thread = std::jthread([&state](std::stop_token stop) {
    while (!stop.stop_requested()) {
      std::timespec const moment{0, 100'000'000};
      int const signal = ::sigtimedwait(&state.signals, nullptr, &moment);
      if (signal < 0) continue;
      {
        std::lock_guard const guard(state.mutex);
        std::error_code ignored;
        if (!state.folder.empty()) std::filesystem::remove_all(state.folder, ignored);
      }
      if (signal != SIGHUP) {
        auto const message = std::string(errors::Stopped::error(signal).what()) + "\n";
        (void)!::write(STDERR_FILENO, message.data(), message.size());
        ::_exit(static_cast<int>(errors::ExitCode::stopped));
      }
      std::signal(signal, SIG_DFL);
      ::pthread_sigmask(SIG_UNBLOCK, &state.signals, nullptr);
      std::raise(signal);
    }
  });
}

CleanupOnSignal::~CleanupOnSignal() {
  state_->thread.request_stop();
  state_->thread.join();
  ::pthread_sigmask(SIG_SETMASK, &state_->before, nullptr);
}

void CleanupOnSignal::watch(std::string const& folder) {
  std::lock_guard const guard(state_->mutex);
  state_->folder = folder;
}

}  // namespace mambasynth::doctor
