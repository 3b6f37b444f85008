#include "dynamics/failure.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynamics/made_up.hpp"

using namespace mambasynth;

TEST_CASE("noise alone exceeds its limit no more often than the level, but sometimes") {
  // 400 series of 200 steps at a level of one half: the bound is not sharp, but not vacuous.
  constexpr std::int64_t channels = 3, window = 4, steps = 200;
  auto const limit = dynamics::largest_noise_square(2.0, channels, window, steps, 0.5);
  random::NumpyGenerator generator(3);
  int exceeded = 0;
  for (int i = 0; i < 400; ++i) {
    std::vector<double> squares;
    for (std::int64_t t = 0; t < steps; ++t) {
      double sum = 0;
      for (std::int64_t c = 0; c < channels; ++c) sum += std::pow(2.0 * generator.normal(), 2);
      squares.push_back(sum);
    }
    auto const off = dynamics::beyond(squares, {}, window, limit);
    exceeded += std::count(off.begin(), off.end(), char{1}) > 0;
  }
  CHECK(exceeded <= 200);
  CHECK(exceeded > 0);
  CHECK(dynamics::largest_noise_square(0, 20, 8, 100, 0.01) == 0);
}

TEST_CASE("distances are averaged over the last steps that no burst perturbed") {
  std::vector<double> squares{0, 0, 9, 9, 9, 0, 0, 0};
  CHECK(dynamics::beyond(squares, {}, 2, 5.0) == std::vector<char>{0, 0, 0, 1, 1, 0, 0, 0});
  std::vector<char> const perturbed{0, 0, 1, 1, 0, 0, 0, 0};
  CHECK(dynamics::beyond(squares, perturbed, 2, 5.0) == std::vector<char>(8, 0));
  squares[5] = std::numeric_limits<double>::quiet_NaN();
  CHECK(dynamics::beyond(squares, perturbed, 2, 5.0) == std::vector<char>{0, 0, 0, 0, 0, 1, 1, 0});
  squares[5] = std::numeric_limits<double>::infinity();
  CHECK(dynamics::beyond(squares, perturbed, 1, 100.0) == std::vector<char>{0, 0, 0, 0, 0, 1, 0, 0});
  CHECK(dynamics::beyond(squares, {}, 9, 0.0) == std::vector<char>(8, 0));
}

TEST_CASE("the clock fails if the phase stalls, races or runs backward") {
  config::Data data;
  data.n_circles = 4;
  data.min_period = data.max_period = 40;  // progress over 10 steps
  oracle::HiddenProcess const hidden(series::make_process(data));
  constexpr dynamics::ClockRule rule{0.25, 0.5};
  auto const moving = [](std::int64_t steps, auto const& position) {
    dynamics::Path path;
    for (std::int64_t t = 0; t < steps; ++t)
      path.circle.push_back(1), path.position.push_back((position(t) % 40 + 40) % 40);
    return path;
  };
  CHECK(dynamics::first_clock_failure(moving(300, [](auto t) { return t; }), hidden, rule, 0) == -1);
  // Frozen from step 100 on: at 106 the last ten steps contain four of progress.
  auto const frozen = moving(300, [](auto t) { return std::min<std::int64_t>(t, 100); });
  CHECK(dynamics::first_clock_failure(frozen, hidden, rule, 0) == 106);
  CHECK(dynamics::first_clock_failure(frozen, hidden, rule, 150) == 150);
  CHECK(dynamics::first_clock_failure(moving(300, [](auto t) { return t < 100 ? t : 100 + 2 * (t - 100); }), hidden,
                                      rule, 0) == 106);
  CHECK(dynamics::first_clock_failure(moving(300, [](auto t) { return -t; }), hidden, rule, 0) == 10);
  CHECK(dynamics::first_clock_failure(moving(300, [](auto t) { return t * 4 / 5; }), hidden, rule, 0) == -1);
  auto left = frozen;  // on to other circles before it shows
  for (std::size_t t = 0; t < 300; ++t) left.circle[t] = static_cast<std::int64_t>(t / 10 % 2);
  CHECK(dynamics::first_clock_failure(left, hidden, rule, 0) == -1);
}

TEST_CASE("a visit fails only if it exceeds the dwell law's longest visit") {
  oracle::HiddenProcess const hidden(series::make_process({}));
  auto const longest = hidden.circles()[2].revolutions * hidden.circles()[2].period;
  CHECK(dynamics::first_overlong(std::vector<dynamics::Visit>{{0, 0, 100}, {2, 100, longest}}, hidden, 64) == -1);
  std::vector<dynamics::Visit> const overlong{{0, 0, 100}, {2, 100, longest + 1}};
  CHECK(dynamics::first_overlong(overlong, hidden, 64) == 100 + longest);
  config::Data alone;
  alone.n_circles = 1;  // it follows itself
  oracle::HiddenProcess const one(series::make_process(alone));
  CHECK(dynamics::first_overlong(std::vector<dynamics::Visit>{{0, 0, 100000}}, one, 0) == -1);
}
