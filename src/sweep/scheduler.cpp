#include "sweep/scheduler.hpp"

#include <algorithm>
#include <stdexcept>

namespace mambasynth::sweep {

Scheduler::Scheduler(std::vector<Job> const& jobs, std::int64_t retries) : waiting_(jobs.begin(), jobs.end()), retries_(retries) {
  for (auto const& job : jobs)
    if (!costs_.emplace(job.trial, job.cost).second) throw std::logic_error("a trial was handed to the scheduler twice");
}

void Scheduler::ready(int worker) {
  alive_.insert(worker);
  if (!running_.contains(worker)) idle_.insert(worker);
}

Scheduler::Verdict Scheduler::ended(int worker, std::size_t trial, State state) {
  auto const found = running_.find(worker);
  if (found == running_.end() || found->second != trial) return Verdict::ignored;
  running_.erase(found);
  if (state == State::failed && !stopped_ && failures_[trial]++ < retries_) {
    failed_on_[trial].insert(worker);
    waiting_.insert({trial, costs_.at(trial)});
    return Verdict::again;
  }
  results_[trial] = state;
  return Verdict::final;
}

bool Scheduler::lost(int worker) {
  idle_.erase(worker);
  alive_.erase(worker);
  auto const found = running_.find(worker);
  if (found == running_.end()) return false;
  waiting_.insert({found->second, costs_.at(found->second)});
  running_.erase(found);
  return true;
}

bool Scheduler::accepts(std::size_t trial, int worker) const {
  auto const found = failed_on_.find(trial);
  if (found == failed_on_.end() || !found->second.contains(worker)) return true;
  return std::includes(found->second.begin(), found->second.end(), alive_.begin(), alive_.end());
}

std::vector<Scheduler::Assignment> Scheduler::assign() {
  std::vector<Assignment> assignments;
  if (stopped_) return assignments;
  for (auto worker = idle_.begin(); worker != idle_.end() && !waiting_.empty();) {
    auto const job = std::find_if(waiting_.begin(), waiting_.end(), [&](Job const& j) { return accepts(j.trial, *worker); });
    if (job == waiting_.end()) {
      ++worker;
      continue;
    }
    running_[*worker] = job->trial;
    assignments.push_back({*worker, job->trial});
    waiting_.erase(job);
    worker = idle_.erase(worker);
  }
  return assignments;
}

}  // namespace mambasynth::sweep
