#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace mambasynth::doctor {

/// Runs `work` in a thread and returns its result, or nothing if it takes longer than `limit`. A call into a dead
/// network file system or a stuck driver never returns, and no signal interrupts it. The thread is then abandoned, so
/// `work` must own everything it uses.
template <class Work>
auto with_timeout(std::chrono::duration<double> limit, Work work) -> std::optional<decltype(work())> {
  auto const promise = std::make_shared<std::promise<decltype(work())>>();
  auto answer = promise->get_future();
  std::thread([promise, work = std::move(work)]() mutable {
    try {
      promise->set_value(work());
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  }).detach();
  if (answer.wait_for(limit) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace mambasynth::doctor
