#include "sweep/scheduler.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <random>

#include "sweep/cost_model.hpp"
#include "sweep/makespan.hpp"

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

TEST_CASE("the trial expected to take longest goes first; equal ones go in plan order") {
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

TEST_CASE("each trial ends exactly once and no worker runs two, whatever ends, fails or is lost") {
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
      CHECK(scheduler.ended(worker, trial, State::done) == Verdict::ignored);  // a late report is ignored
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

TEST_CASE("a failed trial is retried elsewhere as often as allowed; other trials are not") {
  Scheduler scheduler(jobs_of({3, 2, 1}), 2);
  for (int worker = 0; worker < 3; ++worker) scheduler.ready(worker);
  auto const first = scheduler.assign();
  REQUIRE(first.size() == 3);
  CHECK(scheduler.ended(0, 0, State::failed) == Verdict::again);
  scheduler.ready(0);
  CHECK(scheduler.assign().empty());  // it failed on worker 0, and others may still join
  CHECK(scheduler.ended(1, 1, State::diverged) == Verdict::final);
  scheduler.ready(1);
  auto const second = scheduler.assign();
  REQUIRE(second.size() == 1);
  CHECK(second[0].worker == 1);
  CHECK(scheduler.ended(1, 0, State::failed) == Verdict::again);
  scheduler.lost(2);  // and trial 2 with it; trial 0 has failed on all remaining workers
  scheduler.ready(1);
  auto const third = scheduler.assign();
  REQUIRE(third.size() == 2);
  CHECK(scheduler.ended(third[0].worker, third[0].trial, State::failed) == Verdict::final);
  CHECK(scheduler.ended(third[1].worker, third[1].trial, State::out_of_memory) == Verdict::final);
  CHECK(scheduler.finished());
}

TEST_CASE("after a stop, nothing starts, and the scheduler finishes once the running trials have ended") {
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

TEST_CASE("the makespan on equal workers is within Graham's bound of the optimum") {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> costs(64);
    for (auto& cost : costs) cost = std::uniform_real_distribution(1.0, 20.0)(random);
    auto const [time, bound] = mambasynth::tests::makespan(costs, costs, 8, 0);
    CHECK(time >= bound - 1e-9);
    CHECK(time <= 1.05 * bound);
  }
}

TEST_CASE("trials on several ranks go first, get adjacent workers and are not starved by smaller ones") {
  // Trial 0 needs four workers, 1 and 2 two, the others one.
  std::vector<Scheduler::Job> jobs{{0, 1, 4}, {1, 5, 2}, {2, 9, 2}};
  for (std::size_t i = 3; i < 40; ++i) jobs.push_back({i, 1, 1});
  Scheduler scheduler(jobs);
  scheduler.expect(4);
  scheduler.ready(2);
  CHECK(scheduler.assign().empty());  // workers are kept for the large trial
  for (int worker : {0, 1, 3}) scheduler.ready(worker);
  auto assigned = scheduler.assign();
  REQUIRE(assigned.size() == 1);
  CHECK(assigned[0].trial == 0);
  CHECK(assigned[0].ranks == std::vector{0, 1, 2, 3});
  for (int worker : {3, 2, 1}) CHECK(scheduler.ended(worker, 0, State::done) == Verdict::partly);
  scheduler.ready(3);
  CHECK(scheduler.assign().empty());  // 2 and 3 are reserved for trial 2
  scheduler.ready(1);
  scheduler.ready(2);
  assigned = scheduler.assign();
  REQUIRE(assigned.size() == 1);
  CHECK(assigned[0].trial == 2);
  CHECK(assigned[0].ranks == std::vector{2, 3});
  CHECK(scheduler.ended(0, 0, State::done) == Verdict::final);
  scheduler.ready(0);
  assigned = scheduler.assign();
  REQUIRE(assigned.size() == 1);
  CHECK(assigned[0].ranks == std::vector{0, 1});
  CHECK(scheduler.ended(2, 2, State::done) == Verdict::final);      // the root decides ...
  CHECK(scheduler.ended(3, 2, State::failed) == Verdict::ignored);  // ... and nothing overrides it
  scheduler.ready(2);
  CHECK(scheduler.assign().size() == 1);
}

TEST_CASE("workers that no larger trial can use go to a smaller one") {
  Scheduler scheduler({{0, 1, 2}, {1, 1, 2}, {2, 1, 1}, {3, 1, 1}});
  scheduler.expect(3);
  for (int worker = 0; worker < 3; ++worker) scheduler.ready(worker);
  auto const assigned = scheduler.assign();
  REQUIRE(assigned.size() == 2);
  CHECK(assigned[0].ranks == std::vector{0, 1});
  CHECK(assigned[1].ranks == std::vector{2});
  CHECK(scheduler.ended(0, 0, State::done) == Verdict::final);
  CHECK(scheduler.ended(1, 0, State::done) == Verdict::ignored);
  CHECK(scheduler.ended(2, 2, State::done) == Verdict::final);
  for (int worker : {0, 2}) scheduler.ready(worker);
  REQUIRE(scheduler.assign().size() == 1);  // trial 1 on 0 and 2: no adjacent workers are idle
}

TEST_CASE(
    "a trial on several ranks ends when all of them have, the first failure counts, and a lost rank costs a try") {
  Scheduler scheduler({{0, 1, 2, 2}, {1, 1, 1}}, 1);
  scheduler.expect(2);
  auto const start = [&] {
    for (int worker : {0, 1}) scheduler.ready(worker);
    auto const assigned = scheduler.assign();
    REQUIRE(assigned.size() == 1);
    REQUIRE(assigned[0].trial == 0);
  };
  start();
  CHECK(scheduler.ended(1, 0, State::out_of_memory) == Verdict::partly);
  CHECK(scheduler.ended(0, 0, State::failed) == Verdict::again);  // it only noticed the other's failure
  CHECK(scheduler.shrunk(0) == 1);
  start();
  CHECK(scheduler.lost(1) == Verdict::partly);
  CHECK_FALSE(scheduler.finished());
  CHECK(scheduler.ended(0, 0, State::failed) == Verdict::again);
  CHECK(scheduler.fewest_ranks() == 1);
  scheduler.ready(0);
  auto const assigned = scheduler.assign();  // one is left: trial 0 can never run, trial 1 can
  REQUIRE(assigned.size() == 1);
  CHECK(assigned[0].trial == 1);
  CHECK(scheduler.ended(0, 1, State::done) == Verdict::final);
  CHECK(scheduler.fewest_ranks() == 2);
  scheduler.ready(1);  // it was only slow
  start();
  CHECK(scheduler.ended(0, 0, State::out_of_memory) == Verdict::partly);
  CHECK(scheduler.ended(1, 0, State::out_of_memory) == Verdict::again);
  start();
  CHECK(scheduler.ended(0, 0, State::out_of_memory) == Verdict::partly);
  CHECK(scheduler.ended(1, 0, State::out_of_memory) == Verdict::final);  // two retries were allowed
  CHECK(scheduler.results().at(0) == State::out_of_memory);
}

TEST_CASE("the run times of finished trials reorder the waiting ones") {
  mambasynth::sweep::CostModel model;
  CHECK(model.expected(3) == 3);
  CHECK(model.learn(10, 100));
  CHECK(model.expected(10) == 100);
  CHECK(model.expected(5) == 50);
  CHECK_FALSE(model.learn(10, 101));
  CHECK(model.learn(40, 1600));
  CHECK(model.expected(20) > 200);  // between the speeds of the adjacent estimates
  CHECK(model.expected(20) < 800);
  CHECK(model.expected(80) == 3200);
  CHECK_FALSE(model.learn(0, 5));

  Scheduler scheduler(jobs_of({10, 12, 11}));
  scheduler.estimate([](std::size_t trial) { return trial == 0 ? 50.0 : trial == 1 ? 20.0 : 30.0; });
  scheduler.ready(0);
  REQUIRE(scheduler.assign().front().trial == 0);
  CHECK(scheduler.ended(0, 0, State::failed) == Verdict::final);
  scheduler.ready(0);
  CHECK(scheduler.assign().front().trial == 2);
}

TEST_CASE("64 trials on one, two and four ranks keep 8 workers busy") {
  std::mt19937 random(11);
  std::vector<Scheduler::Job> jobs;
  for (std::size_t i = 0; i < 64; ++i)
    jobs.push_back({i, std::uniform_real_distribution(1.0, 20.0)(random), 1 << (i % 3)});
  auto const [time, bound] = mambasynth::tests::makespan(jobs, 8);
  CHECK(time >= bound - 1e-9);
  CHECK(time <= 1.05 * bound);
}
