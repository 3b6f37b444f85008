#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "progress/bar.hpp"
#include "progress/count.hpp"
#include "progress/pace.hpp"
#include "progress/tracker.hpp"

using namespace mambasynth::progress;

namespace {

/// The display's view of this thread, with a clock of the test's own.
class Watched {
 public:
  Watched(std::string const& task, std::vector<std::string> const& stages) : tracker_(task, stages) {
    Tracker::set_for_this_thread(&tracker_);
  }
  Watched(Watched const&) = delete;
  Watched& operator=(Watched const&) = delete;
  ~Watched() { Tracker::set_for_this_thread(nullptr); }
  Snapshot at(double time) { return tracker_.snapshot(time); }

 private:
  Tracker tracker_;
};

}  // namespace

TEST_CASE("a bar names the stage, the share, the rate and the time left") {
  Watched watched("evaluate", {"activations", "probes"});
  Stage const stage("probes");
  Count count(150, "fit");
  CHECK(bar_line(watched.at(0), 80) == "[........................] stage 2 of 2: probes, 0 %");
  CHECK(log_line(watched.at(0)) == "evaluate: stage 2 of 2, probes: 0 of 150 fits (0 %)");
  for (int second = 1; second <= 5; ++second) {
    count.add(12);
    (void)watched.at(second);
  }
  CHECK(bar_line(watched.at(5), 80) == "[##########..............] stage 2 of 2: probes, 40 %, 12.0 fits/s, 8 s left");
  CHECK(log_line(watched.at(5)) ==
        "evaluate: stage 2 of 2, probes: 60 of 150 fits (40 %), 12.0 fits/s, about 8 s left");
}

TEST_CASE("a bar fits the terminal and leaves out the rate first, never the stage or the time left") {
  Snapshot const snapshot{.task = "dimension",
                          .stage = "dimension by layer",
                          .number = 2,
                          .stages = 12,
                          .share = 0.5,
                          .done = 500,
                          .total = 1000,
                          .unit = "step",
                          .rate = 0.25,
                          .seconds_left = 2000};
  CHECK(bar_line(snapshot, 120) ==
        "[############............] stage 2 of 12: dimension by layer, 50 %, 4.00 s per step, 33 min left");
  CHECK(bar_line(snapshot, 80) == "[############............] stage 2 of 12: dimension by layer, 50 %, 33 min left");
  for (std::size_t columns = 1; columns < 120; ++columns) {
    auto const line = bar_line(snapshot, columns);
    CHECK(line.size() < columns);
  }
}

TEST_CASE("what is not counted shows its time; a count of one thing is singular") {
  Watched watched("convert", {});
  CHECK(bar_line(watched.at(10), 80) == "convert, 0 s");
  CHECK(bar_line(watched.at(12.7), 80) == "convert, 2 s");
  CHECK(log_line(watched.at(75)) == "convert: 1 min so far");
  Count const count(1, "batch");
  CHECK(log_line(watched.at(76)) == "convert: 0 of 1 batch (0 %)");
  Count const within(2000000, "step");
  CHECK(log_line(watched.at(77)) == "convert: 0 of 1 batch (0 %)");
}

TEST_CASE("a loop within an iteration shows how far that is, and never goes back") {
  Watched watched("dimension", {});
  Count layers(4, "layer");
  auto const share = [&] { return *watched.at(0).share; };
  CHECK(share() == 0);
  {
    Count rows(100, "row");
    rows.add(50);
    CHECK(share() == 0.125);
    rows.add(50);
    CHECK(share() == 0.25);
  }
  CHECK(share() == 0.25);
  {
    Count const second(10, "row");
    CHECK(share() == 0.25);
  }
  layers.add();
  CHECK(share() == 0.25);
  layers.add(3);
  CHECK(share() == 1);
  CHECK(watched.at(0).done == 4);
}

TEST_CASE("any thread may add; only the displayed thread opens loops and stages") {
  Watched watched("evaluate", {"probes"});
  Stage const stage("probes");
  Count count(4000, "fit");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      Stage const elsewhere("elsewhere");
      Count const unseen(7, "row");
      for (int i = 0; i < 1000; ++i) count.add();
    });
  for (auto& thread : threads) thread.join();
  auto const seen = watched.at(0);
  CHECK(seen.stage == "probes");
  CHECK(seen.done == 4000);
  CHECK(seen.stages == 1);
}

TEST_CASE("stages are numbered as announced; an unannounced one comes last; leaving one returns to the one before") {
  Watched watched("train", {"series", "training"});
  auto stage = std::make_unique<Stage>("training");
  CHECK(watched.at(0).number == 2);
  {
    Stage const more("figures");
    CHECK(watched.at(1).number == 3);
    CHECK(watched.at(1).stages == 3);
  }
  CHECK(watched.at(2).stage == "training");
  stage.reset();
  CHECK(watched.at(3).stage.empty());
}

TEST_CASE("the time left is shown only while the rate is steady") {
  Pace pace;
  pace.restart(0, 40);  // of an earlier run: not part of the rate
  CHECK(!pace.rate());
  for (int second = 1; second <= 10; ++second) {
    pace.add(second, 40 + 5 * second);
    CHECK(pace.seconds_left(second, 140).has_value() == (second >= 4));
  }
  CHECK(*pace.rate() == Catch::Approx(5));
  CHECK(*pace.seconds_left(10, 140) == Catch::Approx(10));
  CHECK(*pace.seconds_left(11, 140) == Catch::Approx(9));
  // It stalls: after three times the usual gap, nobody knows.
  CHECK(!pace.seconds_left(20, 140));
  // It becomes five times as slow: unknown until the recent and the whole rate agree.
  for (int second = 21; second <= 26; ++second) pace.add(second, 90 + second - 20);
  CHECK(!pace.seconds_left(26, 140));
}

TEST_CASE("a loop of few long iterations has a rate by its iterations, not by the time since the last one") {
  Pace pace;
  pace.restart(0, 0);
  for (int i = 1; i <= 5; ++i) pace.add(20.0 * i, i);
  CHECK(*pace.rate() == Catch::Approx(0.05));
  CHECK(*pace.seconds_left(110, 9) == Catch::Approx(70));
}

TEST_CASE("without a display, counting does nothing") {
  Stage const stage("probes");
  Count count(10, "fit");
  count.add(20);
  CHECK(Tracker::of_this_thread() == nullptr);
}
