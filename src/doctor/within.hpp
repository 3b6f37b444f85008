#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace mambasynth::doctor {

/// What `work` returns, or nothing when it takes longer: a call into a dead network file system or a stuck driver never
/// comes back, and no signal ends it. Its thread is left behind then, so `work` must own what it uses.
template <class Work>
auto within(std::chrono::duration<double> limit, Work work) -> std::optional<decltype(work())> {
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
