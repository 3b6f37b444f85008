#include "dynamics/visits.hpp"

#include <catch2/catch_test_macros.hpp>

#include "series/process.hpp"

using namespace mambasynth;

namespace {

/// Four circles of 40 steps per revolution: a visit lasts at least 10.
oracle::HiddenProcess const& process() {
  static oracle::HiddenProcess const hidden([] {
    config::Data data;
    data.n_circles = 4;
    data.min_period = data.max_period = 40;
    return series::make_process(data);
  }());
  return hidden;
}

struct Run {
  std::int64_t circle, steps;
};
std::vector<dynamics::Visit> visits(std::vector<Run> const& runs) {
  std::vector<std::int64_t> circle;
  for (auto const& run : runs) circle.insert(circle.end(), static_cast<std::size_t>(run.steps), run.circle);
  return dynamics::visits_of(circle, process(), 0.25);
}
void check(dynamics::Visit const& visit, std::int64_t circle, std::int64_t first, std::int64_t steps, bool complete) {
  CHECK(visit.circle == circle);
  CHECK(visit.first == first);
  CHECK(visit.steps == steps);
  CHECK(visit.complete == complete);
}

}  // namespace

TEST_CASE("visits are runs; only those inside the series are complete") {
  auto const found = visits({{2, 30}, {1, 10}, {3, 40}});
  REQUIRE(found.size() == 3);
  check(found[0], 2, 0, 30, false);
  check(found[1], 1, 30, 10, true);
  check(found[2], 3, 40, 40, false);
  CHECK(visits({}).empty());
  CHECK(visits({{-1, 50}}).empty());
}

TEST_CASE("a run shorter than a quarter of a period is not a visit and does not interrupt one") {
  auto found = visits({{0, 30}, {1, 9}, {0, 30}});
  REQUIRE(found.size() == 1);
  check(found[0], 0, 0, 69, false);
  found = visits({{0, 30}, {1, 9}, {2, 30}});  // a gap between two visits
  REQUIRE(found.size() == 2);
  check(found[0], 0, 0, 30, false);
  check(found[1], 2, 39, 30, false);
  found = visits({{0, 6}, {-1, 3}, {0, 6}, {-1, 1}});  // pieces that make a visit together
  REQUIRE(found.size() == 1);
  check(found[0], 0, 0, 15, false);
  CHECK(visits({{0, 3}, {1, 3}, {0, 3}, {1, 3}, {2, 3}}).empty());
}

TEST_CASE("a circle that is left for long and returned to is visited twice") {
  auto const found = visits({{0, 30}, {-1, 10}, {0, 30}, {-1, 2}});
  REQUIRE(found.size() == 2);
  check(found[1], 0, 40, 30, true);
}
