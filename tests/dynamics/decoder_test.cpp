#include "dynamics/decoder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <numbers>

#include "dynamics/made_up.hpp"

using namespace mambasynth;

TEST_CASE("the decoded circle and position of a true series are right at almost every step") {
  config::Data data;
  data.n_steps = 6000;
  auto const truth = series::generate(data);
  oracle::HiddenProcess const hidden(truth.process);
  auto const path = dynamics::Decoder(hidden).decode(series::to_float32(truth.x));
  std::int64_t wrong = 0, misplaced = 0;
  for (std::size_t t = 0; t < truth.circle.size(); ++t) {
    if (path.circle[t] != truth.circle[t]) {
      ++wrong;
      continue;
    }
    auto const c = static_cast<std::size_t>(truth.circle[t]);
    auto const place = (truth.phase[t] - truth.process.entry_angle[c]) / truth.process.step_angle(truth.circle[t]);
    auto const period = truth.process.period[c];
    auto const true_place = (static_cast<std::int64_t>(std::lround(place)) % period + period) % period;
    misplaced += path.position[t] != true_place;
  }
  CHECK(wrong <= 20);  // about one per switch, of which there are 15
  CHECK(misplaced <= 20);
}

TEST_CASE("other numbers of circles, and series longer than a piece, are decoded correctly") {
  for (std::int64_t const circles : {1, 3, 200}) {
    config::Data data;
    data.n_circles = circles;
    data.n_steps = circles == 200 ? 3500 : 2000;  // 44,000 positions: three pieces
    auto const truth = series::generate(data);
    oracle::HiddenProcess const hidden(truth.process);
    auto const path = dynamics::Decoder(hidden).decode(series::to_float32(truth.x));
    std::int64_t wrong = 0;
    for (std::size_t t = 0; t < truth.circle.size(); ++t) wrong += path.circle[t] != truth.circle[t];
    INFO(circles << " circles");
    CHECK(wrong <= 20);
  }
}

TEST_CASE("behavior that the process forbids is decoded") {
  oracle::HiddenProcess const hidden(series::make_process({}));
  // From 0 the ring leads to 1 and 9, shortcuts to 5 and 7: never to 3.
  REQUIRE(hidden.process().transitions_from(0)[3] == 0);
  tests::Walk walk(hidden.process());
  walk.turn(0, 7, 90).turn(3, 11, 200).freeze(50).turn(0, 3, 2000);
  auto const path = dynamics::Decoder(hidden).decode(walk.x);
  for (std::size_t t = 0; t < walk.circle.size(); ++t) CHECK((path.circle[t] == walk.circle[t] || t == 90 || t == 340));
  CHECK(path.position[5] == 12);
  CHECK(std::abs(path.position[339] - path.position[295]) <= 15);  // frozen: at most a few slips around the position
  CHECK(path.position[2339] == (3 + 1999) % 40);
}

TEST_CASE("hidden and non-finite steps carry no evidence") {
  oracle::HiddenProcess const hidden(series::make_process({}));
  tests::Walk walk(hidden.process());
  walk.turn(4, 0, 300);
  auto const undisturbed = dynamics::Decoder(hidden).decode(walk.x);
  std::vector<char> ignored(300);
  for (std::size_t t = 100; t < 105; ++t) {
    ignored[t] = 1;
    for (std::size_t i = 0; i < 20; ++i) walk.x[t * 20 + i] = 500;
  }
  walk.x[200 * 20] = std::numeric_limits<float>::quiet_NaN();
  walk.x[201 * 20] = std::numeric_limits<float>::infinity();
  auto const path = dynamics::Decoder(hidden).decode(walk.x, ignored);
  CHECK(path.circle == undisturbed.circle);
  CHECK(path.position == undisturbed.position);
  CHECK(dynamics::Decoder(hidden).decode({}).circle.empty());
}
