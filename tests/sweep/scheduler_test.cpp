#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "sweep/makespan.hpp"
#include "sweep/scheduler.hpp"

using mambasynth::sweep::Scheduler;
using Verdict = Scheduler::Verdict;
using mambasynth::sweep::State;

namespace {

std::vector<Scheduler::Job> jobs_of(std::vector<double> const& costs) {
  std::vector<Scheduler::Job> jobs;
  for (std::size_t i = 0; i < costs.size(); ++i) jobs.push_back({i, costs[i]});
  return jobs;
}

}  // namespace

TEST_CASE("the longest expected trial goes first, equal ones in the plan's order") {
  Scheduler scheduler(jobs_of({1, 5, 3, 5}));
  std::vector<std::size_t> order;
  scheduler.ready(0);
  for (auto assigned = scheduler.assign(); !assigned.empty(); assigned = scheduler.assign()) {
    REQUIRE(assigned.size() == 1);
    order.push_back(assigned.front().trial);
    CHECK(scheduler.ended(0, assigned.front().trial, State::done) == Verdict::final);
    scheduler.ready(0);
  }
  CHECK(order == std::vector<std::size_t>{1, 3, 2, 0});
  CHECK(scheduler.finished());
}

TEST_CASE("whatever ends, fails or gets lost, each trial ends exactly once and no worker has two") {
  std::mt19937 random(static_cast<unsigned>(GENERATE(range(0, 40))));
  auto const pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  std::vector<double> costs(static_cast<std::size_t>(1 + pick(40)));
  for (auto& cost : costs) cost = pick(10);
  Scheduler scheduler(jobs_of(costs));
  int const workers = 1 + pick(8);
  std::set<int> alive;
  for (int worker = 0; worker < workers; ++worker) {
    alive.insert(worker);
    scheduler.ready(worker);
  }
  std::vector<int> ends(costs.size());
  std::map<int, std::size_t> running;
  for (int step = 0; !scheduler.finished(); ++step) {
    REQUIRE(step < 1000);
    for (auto const& [worker, trial, ranks] : scheduler.assign()) {
      REQUIRE(alive.contains(worker));
      REQUIRE(running.emplace(worker, trial).second);
    }
    REQUIRE(running == scheduler.running());
    REQUIRE(!running.empty());
    auto const [worker, trial] = *std::next(running.begin(), pick(static_cast<int>(running.size())));
    running.erase(worker);
    if (pick(4) == 0 && alive.size() > 1) {
      CHECK(scheduler.lost(worker) == Verdict::again);
      CHECK(scheduler.ended(worker, trial, State::done) == Verdict::ignored);  // a late word counts for nothing
      alive.erase(worker);
    } else {
      CHECK(scheduler.ended(worker, trial, pick(3) == 0 ? State::failed : State::done) == Verdict::final);
      ++ends[trial];
      scheduler.ready(worker);
    }
  }
  CHECK(std::all_of(ends.begin(), ends.end(), [](int count) { return count == 1; }));
  CHECK(scheduler.results().size() == costs.size());
}

TEST_CASE("a failed trial runs again elsewhere, as often as is allowed; what ends otherwise does not") {
  Scheduler scheduler(jobs_of({3, 2, 1}), 2);
  for (int worker = 0; worker < 3; ++worker) scheduler.ready(worker);
  auto const first = scheduler.assign();
  REQUIRE(first.size() == 3);
  CHECK(scheduler.ended(0, 0, State::failed) == Verdict::again);
  scheduler.ready(0);
  CHECK(scheduler.assign().empty());  // worker 0 has failed it, the others may still come
  CHECK(scheduler.ended(1, 1, State::diverged) == Verdict::final);
  scheduler.ready(1);
  auto const second = scheduler.assign();
  REQUIRE(second.size() == 1);
  CHECK(second[0].worker == 1);
  CHECK(scheduler.ended(1, 0, State::failed) == Verdict::again);
  scheduler.lost(2);  // and trial 2 with it; nobody is left that has not failed trial 0
  scheduler.ready(1);
  auto const third = scheduler.assign();
  REQUIRE(third.size() == 2);
  CHECK(scheduler.ended(third[0].worker, third[0].trial, State::failed) == Verdict::final);
  CHECK(scheduler.ended(third[1].worker, third[1].trial, State::out_of_memory) == Verdict::final);
  CHECK(scheduler.finished());
}

TEST_CASE("after a stop nothing starts, and the end waits for what runs") {
  Scheduler scheduler(jobs_of({1, 1, 1}));
  scheduler.ready(0);
  REQUIRE(scheduler.assign().size() == 1);
  scheduler.stop();
  scheduler.ready(1);
  CHECK(scheduler.assign().empty());
  CHECK_FALSE(scheduler.finished());
  CHECK(scheduler.ended(0, 0, State::preempted) == Verdict::final);
  CHECK(scheduler.finished());
  CHECK(scheduler.waiting() == 2);
}

TEST_CASE("the makespan on equal workers stays within Graham's bound of the best possible") {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> costs(64);
    for (auto& cost : costs) cost = std::uniform_real_distribution(1.0, 20.0)(random);
    auto const [time, bound] = mambasynth::tests::makespan(costs, costs, 8, 0);
    CHECK(time >= bound - 1e-9);
    CHECK(time <= 1.05 * bound);
  }
}
