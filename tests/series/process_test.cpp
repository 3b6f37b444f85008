#include "series/process.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <numeric>
#include <set>

#include "errors/errors.hpp"

using namespace mambasynth;
using namespace mambasynth::series;
using Catch::Matchers::WithinAbs;

namespace {
std::set<std::int64_t> successors(Process const& process, std::int64_t circle) {
  std::set<std::int64_t> next;
  auto const row = process.transitions_from(circle);
  for (std::size_t j = 0; j < row.size(); ++j)
    if (row[j] > 0) next.insert(static_cast<std::int64_t>(j));
  return next;
}
Process with_circles(std::int64_t n) {
  config::Data data;
  data.n_circles = n;
  return make_process(data);
}
}  // namespace

TEST_CASE("the process of seed 42 is the original's") {
  auto const process = make_process({});
  CHECK(process.radius[0] == 20.60943415950886);
  CHECK(process.entry_angle[0] == 4.862909272689599);
  CHECK(process.period == std::vector<std::int64_t>{40, 80, 120, 160, 200, 240, 280, 320, 360, 400});
  auto const row = process.transitions_from(0);
  CHECK(row[1] == 0.3118745702304391);
  CHECK(row[5] == 0.21425097607945168);
  CHECK(row[7] == 0.1619998834596702);
  CHECK(row[9] == 0.3118745702304391);
  CHECK(successors(process, 0) == std::set<std::int64_t>{1, 5, 7, 9});
}

TEST_CASE("every circle of any number has successors other than itself, and rows sum to one") {
  for (std::int64_t n = 2; n <= 45; ++n) {
    CAPTURE(n);
    auto const process = with_circles(n);
    for (std::int64_t i = 0; i < n; ++i) {
      auto const next = successors(process, i);
      CHECK(next.contains((i + 1) % n));
      CHECK(next.contains((i + n - 1) % n));
      CHECK_FALSE(next.contains(i));
      auto const row = process.transitions_from(i);
      CHECK_THAT(std::accumulate(row.begin(), row.end(), 0.0), WithinAbs(1, 1e-15));
      // A ring edge keeps weight 1, so no shortcut was added to it: none weighs more than it.
      for (double const p : row) CHECK(p <= row[static_cast<std::size_t>((i + 1) % n)]);
    }
  }
}

TEST_CASE("few circles have the shortcuts whose ends exist and that are not ring edges") {
  CHECK(with_circles(1).transition_matrix == std::vector{1.0});
  CHECK(with_circles(2).transition_matrix == std::vector{0.0, 1.0, 1.0, 0.0});
  CHECK(with_circles(3).transition_matrix == std::vector{0.0, 0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.0});
  CHECK(successors(with_circles(5), 4) == std::set<std::int64_t>{0, 1, 3});
  CHECK(successors(with_circles(6), 0) == std::set<std::int64_t>{1, 5});  // (0, 5) is the ring's own edge
  CHECK(successors(with_circles(6), 5) == std::set<std::int64_t>{0, 2, 4});
  CHECK(successors(with_circles(8), 0) == std::set<std::int64_t>{1, 5, 7});
  CHECK(successors(with_circles(9), 8) == std::set<std::int64_t>{0, 1, 5, 7});
}

TEST_CASE("more than ten circles repeat the shortcuts block by block") {
  auto const process = with_circles(25);
  CHECK(successors(process, 0) == std::set<std::int64_t>{1, 5, 7, 24});
  CHECK(successors(process, 10) == std::set<std::int64_t>{9, 11, 15, 17});
  CHECK(successors(process, 14) == std::set<std::int64_t>{11, 13, 15, 18});
  CHECK(successors(process, 24) == std::set<std::int64_t>{0, 21, 23});
  CHECK(successors(process, 22) == std::set<std::int64_t>{21, 23});
}

TEST_CASE("periods are truncated and evenly spaced") {
  CHECK(spaced_periods(40, 400, 1) == std::vector<std::int64_t>{40});
  CHECK(spaced_periods(40, 400, 4) == std::vector<std::int64_t>{40, 160, 280, 400});
  CHECK(spaced_periods(40, 400, 8) == std::vector<std::int64_t>{40, 91, 142, 194, 245, 297, 348, 400});
  CHECK(spaced_periods(9, 3, 4) == std::vector<std::int64_t>{9, 7, 5, 3});
  CHECK(spaced_periods(5, 5, 3) == std::vector<std::int64_t>{5, 5, 5});
}

TEST_CASE("radii are clipped to 0.5 and 1.5 times their mean") {
  config::Data data;
  data.radius_std = 1000;
  for (double const radius : make_process(data).radius) CHECK((radius == 10.0 || radius == 30.0));
}

TEST_CASE("an error about an out-of-bounds key names it") {
  config::Data data;
  data.n_circles = 0;
  CHECK_THROWS_WITH(make_process(data), Catch::Matchers::ContainsSubstring("n_circles = 0"));
}

TEST_CASE("the test series has the next path seed and the training series' length") {
  config::Data data;
  data.seed = 7;
  data.n_steps = 500;
  auto test = test_series_of(data);
  CHECK(test.resolved_path_seed() == 8);
  data.path_seed = 8;
  CHECK(test_series_of(data).resolved_path_seed() == 9);
  data.path_seed = config::largest_data_seed - 1;
  CHECK(test_series_of(data).resolved_path_seed() ==
        config::largest_data_seed);  // the largest itself is refused (check_test_series)
  CHECK(test.n_steps == 500);
  data.test_path_seed = 3;
  data.test_n_steps = 90;
  test = test_series_of(data);
  CHECK(test.resolved_path_seed() == 3);
  CHECK(test.n_steps == 90);
  CHECK(test.seed == 7);
}
