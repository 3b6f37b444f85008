// The slots of one rank, with a manager that gives a trial to whoever asks.
#include "sweep/slots.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "support/reference.hpp"

using namespace mambasynth;
using sweep::Order;
using sweep::Report;
using namespace std::chrono_literals;

namespace {

class GivingManager : public sweep::WorkerLink {
 public:
  GivingManager(std::filesystem::path folder, std::size_t trials, bool first_slot_only)
      : folder_(std::move(folder)), trials_(trials), first_slot_only_(first_slot_only) {}
  void send(Report const& report) override {
    std::lock_guard const guard(mutex_);
    if (report.kind == Report::Kind::ready) idle_.insert(report.slot);
    if (report.kind == Report::Kind::ended) ended.push_back(report);
    give();
  }
  std::optional<Order> poll() override {
    std::lock_guard const guard(mutex_);
    if (orders_.empty()) return std::nullopt;
    auto order = orders_.front();
    orders_.pop_front();
    return order;
  }
  std::vector<Report> ended;

 private:
  void give() {
    for (auto slot = idle_.begin(); slot != idle_.end() && given_ < trials_;) {
      if (first_slot_only_ && *slot != 0) {
        ++slot;
        continue;
      }
      Order order;
      order.kind = Order::Kind::run;
      order.trial = given_++;
      order.slot = *slot;
      order.planned.id = "trial" + std::to_string(order.trial);
      order.folder = (folder_ / order.planned.id).string();
      orders_.push_back(order);
      slot = idle_.erase(slot);
    }
    if (ended.size() == trials_) orders_.push_back({});  // quit
  }

  std::filesystem::path folder_;
  std::size_t trials_, given_ = 0;
  bool first_slot_only_;
  std::mutex mutex_;
  std::set<int> idle_;
  std::deque<Order> orders_;
};

/// Counts what runs at the same time.
struct Trials {
  std::atomic<int> training = 0, most_training = 0, measured_during_training = 0;

  sweep::Hooks hooks() {
    sweep::Hooks hooks;
    hooks.run = [this](auto const&, sweep::TrialContext& context) {
      int const now = ++training;
      for (int most = most_training; now > most && !most_training.compare_exchange_weak(most, now);) {
      }
      std::this_thread::sleep_for(20ms);
      --training;
      context.measuring();
      for (int i = 0; i < 100; ++i) {
        std::this_thread::sleep_for(1ms);
        if (training > 0) {
          ++measured_during_training;
          break;
        }
      }
      return sweep::TrialOutcome{};
    };
    hooks.committed = [](auto const&, auto const&) { return sweep::CommittedTrial(sweep::State::done); };
    return hooks;
  }
};

}  // namespace

TEST_CASE("a rank trains the next trial while it measures one, and never more trials than its slots") {
  tests::TemporaryFolder const folder;
  for (int const trainings : {1, 2}) {
    Trials trials;
    GivingManager manager(folder.path() / std::to_string(trainings), 6, false);
    auto const served = sweep::serve_slots(manager, {.trainings = trainings, .overlap = true}, trials.hooks(), 0);
    CHECK(served.exit_code == 0);
    REQUIRE(manager.ended.size() == 6);
    for (auto const& report : manager.ended) CHECK(report.state == sweep::State::done);
    CHECK(trials.most_training == trainings);
    CHECK(trials.measured_during_training > 0);
  }
}

TEST_CASE("without overlap, a rank with one slot measures a trial before it trains the next") {
  tests::TemporaryFolder const folder;
  Trials trials;
  GivingManager manager(folder.path(), 3, false);
  (void)sweep::serve_slots(manager, {.trainings = 1, .overlap = false}, trials.hooks(), 0);
  CHECK(manager.ended.size() == 3);
  CHECK(trials.measured_during_training == 0);
}

TEST_CASE("a manager that gives trials to the first slot alone is not kept waiting by the other") {
  tests::TemporaryFolder const folder;
  Trials trials;
  GivingManager manager(folder.path(), 3, true);
  (void)sweep::serve_slots(manager, {.trainings = 1, .overlap = true}, trials.hooks(), 0);
  CHECK(manager.ended.size() == 3);
  CHECK(trials.measured_during_training == 0);
}
