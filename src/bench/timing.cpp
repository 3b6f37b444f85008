#include "bench/timing.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "errors/stop.hpp"

namespace mambasynth::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double peak_memory_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace

bool Effort::go_on(bool own) const {
  if (!group) {
    errors::check_stop();
    return own;
  }
  std::array<std::byte, 1> word{static_cast<std::byte>(own)};
  group->broadcast(word);
  return word[0] != std::byte{0};
}

void measure(Result& result, Effort const& effort, std::function<void()> const& run) {
  run();
  std::vector<double> times;
  auto const start = Clock::now();
  while (effort.go_on(static_cast<std::int64_t>(times.size()) < effort.least_runs ||
                      seconds_since(start) < effort.seconds)) {
    auto const begin = Clock::now();
    run();
    times.push_back(seconds_since(begin));
  }
  std::sort(times.begin(), times.end());
  result.runs = static_cast<std::int64_t>(times.size());
  result.median = times[times.size() / 2];
  result.least = times.front();
  result.most = times.back();
  result.peak_memory_mb = peak_memory_mb();
}

}  // namespace mambasynth::bench
