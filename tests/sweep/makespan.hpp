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

/// The scheduler in simulated time on equal workers: trial i takes taken[i] on all its ranks. Dispatches are sequential
/// and take `dispatch_seconds` each.
inline Makespan makespan(std::vector<sweep::Scheduler::Job> const& jobs, std::vector<double> const& taken, int workers,
                         double dispatch_seconds) {
  sweep::Scheduler scheduler(jobs);
  struct End {
    double time;
    int worker;
    std::size_t trial;
    bool operator>(End const& other) const { return time != other.time ? time > other.time : worker > other.worker; }
  };
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  double time = 0, manager_free = 0;
  scheduler.expect(workers);
  for (int worker = 0; worker < workers; ++worker) scheduler.ready(worker);
  while (!scheduler.finished()) {
    for (auto const& [leader, trial, ranks] : scheduler.assign()) {
      manager_free = std::max(manager_free, time) + dispatch_seconds;
      for (auto const worker : ranks) ends.push({manager_free + taken[trial], worker, trial});
    }
    auto const end = ends.top();
    ends.pop();
    time = end.time;
    scheduler.ended(end.worker, end.trial, sweep::State::done);
    scheduler.ready(end.worker);
  }
  if (scheduler.results().size() != jobs.size()) throw std::logic_error("a trial never ended");
  double total = 0, longest = 0;
  for (auto const& job : jobs) {
    total += taken[job.trial] * job.ranks;
    longest = std::max(longest, taken[job.trial]);
  }
  return {time, std::max(total / workers, longest)};
}

/// For trials on one rank; `expected` is the cost given to the scheduler.
inline Makespan makespan(std::vector<double> const& expected, std::vector<double> const& taken, int workers,
                         double dispatch_seconds) {
  std::vector<sweep::Scheduler::Job> jobs;
  for (std::size_t i = 0; i < expected.size(); ++i) jobs.push_back({i, expected[i]});
  return makespan(jobs, taken, workers, dispatch_seconds);
}

/// Costs are seconds.
inline Makespan makespan(std::vector<sweep::Scheduler::Job> const& jobs, int workers) {
  std::vector<double> taken;
  for (auto const& job : jobs) taken.push_back(job.cost);
  return makespan(jobs, taken, workers, 0);
}

}  // namespace mambasynth::tests
