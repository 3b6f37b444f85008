#include "evaluate/targets.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <numeric>

#include "series/series.hpp"

using namespace mambasynth;

namespace {

series::Series series_of(std::int64_t circles) {
  config::Data data;
  data.n_steps = 3000;
  data.n_circles = circles;
  data.noise_std = 1;
  return series::generate(data);
}

std::vector<std::int64_t> all_steps(std::int64_t count) {
  std::vector<std::int64_t> steps(static_cast<std::size_t>(count));
  std::iota(steps.begin(), steps.end(), std::int64_t{0});
  return steps;
}

}  // namespace

TEST_CASE("true targets follow circle, phase and elapsed revolutions") {
  auto const series = series_of(10);
  auto const targets = evaluate::true_targets({series.circle, series.phase, &series.process}, all_steps(3000));
  CHECK(targets.circle == series.circle);
  REQUIRE(targets.phase.size() == 6000);
  CHECK(targets.phase[2 * 777] == std::cos(series.phase[777]));
  // The first visit is 480 steps of circle 0, whose period is 40.
  CHECK(targets.revolutions_elapsed[0] == 0);
  CHECK(targets.revolutions_elapsed[39] == 0);
  CHECK(targets.revolutions_elapsed[40] == 1);
  CHECK(targets.revolutions_elapsed[479] == 11);
  CHECK(targets.revolutions_elapsed[480] == 0);
  auto const unknown = evaluate::true_targets({}, all_steps(10));
  CHECK(unknown.circle.empty());
  CHECK(unknown.phase.empty());
}

TEST_CASE("the filter's targets start cold in each window and predict the next circle") {
  auto const series = series_of(10);
  auto const x = series::to_float32(series.x);
  auto const steps = all_steps(3000);
  evaluate::Targets targets;
  evaluate::add_posteriors(targets, series.process, x, 500, steps, 2);
  REQUIRE(targets.circles == 10);
  for (std::size_t t = 0; t < 3000; ++t) {
    auto const* next = targets.next_circle.data() + 10 * t;
    CHECK(std::accumulate(next, next + 10, 0.0) == Catch::Approx(1));
    CHECK((targets.switch_hazard[t] >= 0 && targets.switch_hazard[t] <= 1));
  }
  // Deep in a visit of circle 0 the next circle is drawn from its row of the transition matrix.
  auto const row = series.process.transitions_from(0);
  for (std::size_t j = 0; j < 10; ++j) CHECK(targets.next_circle[10 * 400 + j] == Catch::Approx(row[j]).margin(1e-3));
  // A visit ends only with a whole revolution: no hazard in the middle of one, some at its end.
  CHECK(targets.switch_hazard[420] < 1e-6);
  CHECK(targets.switch_hazard[479] > 0.05);

  evaluate::Targets one;
  evaluate::add_posteriors(one, series.process, x, 500, steps, 1);
  CHECK(one.switch_hazard == targets.switch_hazard);
  CHECK(one.next_circle == targets.next_circle);

  std::vector<std::int64_t> const some{3, 499, 500, 2999};
  evaluate::Targets few;
  evaluate::add_posteriors(few, series.process, x, 500, some, 2);
  for (std::size_t i = 0; i < some.size(); ++i)
    CHECK(few.switch_hazard[i] == targets.switch_hazard[static_cast<std::size_t>(some[i])]);
}

TEST_CASE("a single circle has no next circle") {
  auto const series = series_of(1);
  evaluate::Targets targets;
  auto const steps = all_steps(1000);
  evaluate::add_posteriors(targets, series.process, series::to_float32(series.x), 500, steps, 1);
  CHECK(targets.circles == 1);
  CHECK(targets.next_circle[700] == Catch::Approx(1));
}
