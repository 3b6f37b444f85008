#pragma once

#include <algorithm>
#include <functional>
#include <queue>
#include <stdexcept>
#include <vector>

#include "sweep/scheduler.hpp"

namespace mambasynth::tests {

struct Makespan {
  double seconds = 0;
  double bound = 0;  ///< no schedule is shorter
};

/// The scheduler in simulated time, on equal workers. `expected` is what it is told of each trial, `taken` what the trial
/// takes; dispatches follow one another, each in `dispatch_seconds`.
inline Makespan makespan(std::vector<double> const& expected, std::vector<double> const& taken, int workers, double dispatch_seconds) {
  std::vector<sweep::Scheduler::Job> jobs;
  for (std::size_t i = 0; i < expected.size(); ++i) jobs.push_back({i, expected[i]});
  sweep::Scheduler scheduler(jobs);
  using End = std::pair<double, std::pair<int, std::size_t>>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  double time = 0, manager_free = 0;
  for (int worker = 0; worker < workers; ++worker) scheduler.ready(worker);
  while (!scheduler.finished()) {
    for (auto const& [worker, trial, ranks] : scheduler.assign()) {
      manager_free = std::max(manager_free, time) + dispatch_seconds;
      ends.push({manager_free + taken[trial], {worker, trial}});
    }
    auto const [at, who] = ends.top();
    ends.pop();
    time = at;
    if (scheduler.ended(who.first, who.second, sweep::State::done) != sweep::Scheduler::Verdict::final) throw std::logic_error("a trial ended that nobody had");
    scheduler.ready(who.first);
  }
  double total = 0;
  for (auto const seconds : taken) total += seconds;
  return {time, std::max(total / workers, *std::max_element(taken.begin(), taken.end()))};
}

}  // namespace mambasynth::tests
