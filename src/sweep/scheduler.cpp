#include "sweep/scheduler.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace mambasynth::sweep {
namespace {

/// Whether the root's state decides for its group: there is a result, or a save to resume from.
bool decides_for_group(State state) {
  return is_committed(state) || state == State::preempted || state == State::timed_out;
}

}  // namespace

Scheduler::Scheduler(std::vector<Job> const& jobs, std::int64_t retries)
    : waiting_(jobs.begin(), jobs.end()), retries_(retries) {
  for (auto const& job : jobs)
    if (!jobs_.emplace(job.trial, job).second) throw std::logic_error("a trial was given to the scheduler twice");
}

void Scheduler::expect(int ranks) {
  ranks_ = ranks;
  for (int rank = 0; rank < ranks; ++rank) alive_.insert(rank);
}

void Scheduler::ready(int worker) {
  alive_.insert(worker);
  if (!running_.contains(worker)) idle_.insert(worker);
}

Scheduler::Verdict Scheduler::ended(int worker, std::size_t trial, State state) {
  auto const found = running_.find(worker);
  if (found == running_.end() || found->second != trial) return Verdict::ignored;
  running_.erase(found);
  auto const place = teams_.find(trial);
  if (place == teams_.end()) return Verdict::ignored;
  auto& team = place->second;
  --team.left;
  bool const is_root = worker == team.ranks.front();
  if (is_root) team.root_state = state;
  if (!decides_for_group(state) && !team.failure) team.failure = state;
  if (team.left > 0 && !(is_root && decides_for_group(state))) return Verdict::partly;
  auto const whole = std::move(team);
  teams_.erase(place);
  return concluded(trial, whole);
}

Scheduler::Verdict Scheduler::lost(int worker) {
  idle_.erase(worker);
  alive_.erase(worker);
  auto const found = running_.find(worker);
  if (found == running_.end()) return Verdict::ignored;
  auto const trial = found->second;
  running_.erase(found);
  auto const place = teams_.find(trial);
  if (place == teams_.end()) return Verdict::ignored;
  place->second.lost = true;
  if (--place->second.left > 0) return Verdict::partly;
  teams_.erase(place);
  return requeue(trial);
}

Scheduler::Verdict Scheduler::concluded(std::size_t trial, Team const& team) {
  auto const state =
      team.root_state && decides_for_group(*team.root_state) ? *team.root_state : team.failure.value_or(State::failed);
  if (team.lost && !decides_for_group(state)) return requeue(trial);
  if (state == State::failed && !stopped_ && failures_[trial]++ < retries_) {
    failed_on_[trial].insert(rank_of(team.ranks.front()));
    return requeue(trial);
  }
  if (state == State::out_of_memory && !stopped_ && shrunk_[trial] < jobs_.at(trial).shrinks) {
    ++shrunk_[trial];
    return requeue(trial);
  }
  results_[trial] = state;
  return Verdict::final;
}

Scheduler::Verdict Scheduler::requeue(std::size_t trial) {
  waiting_.insert(jobs_.at(trial));
  return Verdict::again;
}

int Scheduler::shrunk(std::size_t trial) const {
  auto const found = shrunk_.find(trial);
  return found == shrunk_.end() ? 0 : found->second;
}

bool Scheduler::accepts(std::size_t trial, int worker) const {
  auto const found = failed_on_.find(trial);
  if (found == failed_on_.end() || !found->second.contains(rank_of(worker))) return true;
  return std::all_of(alive_.begin(), alive_.end(), [&](int other) { return found->second.contains(rank_of(other)); });
}

Scheduler::Waiting::iterator Scheduler::first_of(int ranks) const {
  return waiting_.lower_bound({0, std::numeric_limits<double>::infinity(), ranks});
}

/// Adjacent workers if possible, since they share a node: an aligned block, else the first idle ones.
std::vector<int> Scheduler::idle_group(int ranks) const {
  auto const size = static_cast<std::size_t>(ranks);
  if (idle_.size() < size) return {};
  std::vector<int> row;
  for (auto const worker : idle_) {
    if (worker % ranks == 0) row.clear();
    if (row.empty() ? worker % ranks == 0 : worker == row.back() + 1) row.push_back(worker);
    else row.clear();
    if (row.size() == size) return row;
  }
  return {idle_.begin(), std::next(idle_.begin(), ranks)};
}

int Scheduler::workers_below(int ranks) const {
  return static_cast<int>(std::count_if(running_.begin(), running_.end(),
                                        [&](auto const& entry) { return jobs_.at(entry.second).ranks < ranks; }));
}

void Scheduler::start(Waiting::iterator job, std::vector<int> ranks, std::vector<Assignment>& assignments) {
  for (auto const worker : ranks) {
    running_[worker] = job->trial;
    idle_.erase(worker);
  }
  teams_[job->trial] = {ranks, ranks.size()};
  assignments.push_back({ranks.front(), job->trial, std::move(ranks)});
  waiting_.erase(job);
}

std::vector<Scheduler::Assignment> Scheduler::assign() {
  std::vector<Assignment> assignments;
  if (stopped_) return assignments;
  int free_for_smaller = std::numeric_limits<int>::max();
  for (auto job = waiting_.begin(); job != waiting_.end() && job->ranks > 1 && !idle_.empty();) {
    auto const ranks = job->ranks;
    auto group = ranks <= free_for_smaller ? idle_group(ranks) : std::vector<int>{};
    if (!group.empty()) {
      free_for_smaller -= ranks;
      start(job, std::move(group), assignments);
      job = first_of(ranks);
      continue;
    }
    auto const alive = static_cast<int>(alive_.size());
    if (alive >= ranks) free_for_smaller = std::min(free_for_smaller, alive % ranks - workers_below(ranks));
    job = first_of(ranks - 1);
  }
  for (auto worker = idle_.begin(); worker != idle_.end() && free_for_smaller > 0;) {
    auto const first = first_of(1);
    if (first == waiting_.end()) break;
    auto const job = std::find_if(first, waiting_.end(), [&](Job const& j) { return accepts(j.trial, *worker); });
    auto const next = std::next(worker);
    if (job != waiting_.end()) {
      start(job, {*worker}, assignments);
      --free_for_smaller;
    }
    worker = next;
  }
  return assignments;
}

}  // namespace mambasynth::sweep
