#include "sweep/scheduler.hpp"

#include <stdexcept>

namespace mambasynth::sweep {

Scheduler::Scheduler(std::vector<Job> const& jobs) : waiting_(jobs.begin(), jobs.end()) {
  for (auto const& job : jobs)
    if (!costs_.emplace(job.trial, job.cost).second) throw std::logic_error("a trial was handed to the scheduler twice");
}

void Scheduler::ready(int worker) {
  if (!running_.contains(worker)) idle_.insert(worker);
}

bool Scheduler::ended(int worker, std::size_t trial, State state) {
  auto const found = running_.find(worker);
  if (found == running_.end() || found->second != trial) return false;
  running_.erase(found);
  results_[trial] = state;
  return true;
}

bool Scheduler::lost(int worker) {
  idle_.erase(worker);
  auto const found = running_.find(worker);
  if (found == running_.end()) return false;
  waiting_.insert({found->second, costs_.at(found->second)});
  running_.erase(found);
  return true;
}

std::vector<Scheduler::Assignment> Scheduler::assign() {
  std::vector<Assignment> assignments;
  while (!stopped_ && !waiting_.empty() && !idle_.empty()) {
    auto const worker = *idle_.begin();
    auto const job = *waiting_.begin();
    idle_.erase(idle_.begin());
    waiting_.erase(waiting_.begin());
    running_[worker] = job.trial;
    assignments.push_back({worker, job.trial});
  }
  return assignments;
}

}  // namespace mambasynth::sweep
