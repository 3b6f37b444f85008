#include "series/stream.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cmath>
#include <cstring>

#include "series/digest.hpp"
#include "series/series.hpp"
#include "store/archive/npz.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::series;

namespace {
std::vector<Visit> visits_of(Series const& series) {
  Digest digest(series.process, series.n_steps);
  digest.add({0, series.x, series.circle, series.phase});
  return digest.visits();
}
template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}
}  // namespace

TEST_CASE("the default series has the original's values") {
  auto const series = generate({});
  REQUIRE(series.x.size() == 2'000'000);
  CHECK(series.x[0] == -10.005477124925193);
  CHECK(series.x[1] == 3.050450604417366);
  CHECK(series.x[2] == 6.2697675900946646);
  auto const* last = series.x.data() + series.x.size() - 20;
  CHECK(last[0] == 3.39438887902233);
  CHECK(last[1] == -1.9219916537101538);
  CHECK(last[2] == 1.4172312556683975);
  auto const visits = visits_of(series);
  CHECK(visits.size() == 251);
  std::vector<std::int64_t> circles, starts;
  for (std::size_t i = 0; i < 13; ++i) {
    circles.push_back(visits[i].circle);
    starts.push_back(visits[i].start);
  }
  CHECK(circles == std::vector<std::int64_t>{0, 5, 2, 3, 2, 1, 0, 7, 6, 7, 6, 0, 1});
  CHECK(starts == std::vector<std::int64_t>{0, 480, 960, 1440, 1920, 2400, 2640, 3200, 3520, 4080, 4720, 5000, 5360});
}

TEST_CASE("the default series matches the reference file bit for bit") {
  auto const file = tests::reference_file("data.npz");
  if (file.empty()) SKIP("no reference data.npz");
  auto arrays = store::read_npz(file);
  auto const series = generate({});
  CHECK(same_bits(series.x, arrays.at("X").as<double>()));
  CHECK(same_bits(series.circle, arrays.at("states").as<std::int64_t>()));
  CHECK(same_bits(series.phase, arrays.at("thetas").as<double>()));
  CHECK(same_bits(series.process.transition_matrix, arrays.at("transition_matrix").as<double>()));
  CHECK(same_bits(series.process.radius, arrays.at("radii").as<double>()));
  CHECK(same_bits(series.process.entry_angle, arrays.at("entry_angles").as<double>()));
  CHECK(same_bits(series.process.period, arrays.at("periods").as<std::int64_t>()));
}

TEST_CASE("a series in a four-dimensional subspace has the original's values") {
  config::Data data;
  data.n_steps = 2000;
  data.subspace_dim = 4;
  auto const series = generate(data);
  CHECK(series.x[0] == 6.008609985865194);
  CHECK(series.x[1] == -6.159217444418139);
  CHECK(series.x[2] == -1.8972207588549743);
  std::vector<std::int64_t> circles;
  for (auto const& visit : visits_of(series)) circles.push_back(visit.circle);
  CHECK(circles == std::vector<std::int64_t>{0, 5, 2, 3, 2});
}

TEST_CASE("series of other shapes match NumPy bit for bit") {
  // Corners of X (first and last row, first and last channel) and the last circle, from an independent NumPy script.
  struct Case {
    std::int64_t seed, circles, channels, subspace;
    std::array<double, 4> corners;
    std::int64_t last_circle;
  };
  for (auto const& [seed, circles, channels, subspace, corners, last_circle] :
       {Case{1, 10, 20, 16, {2.100087758669427, -2.4134695907430004, -4.153746139161424, 4.564717125237347}, 1},
        Case{3, 25, 33, 7, {10.911095697811302, -0.952582212051966, 1.152050096576446, -1.431156916868445}, 17},
        Case{123456789012,
             6,
             5,
             0,
             {0.02040150378696115, -9.551307308506582, -16.608994976902295, 13.56575763833056},
             2}}) {
    CAPTURE(seed);
    config::Data data;
    data.seed = seed;
    data.n_steps = 3000;
    data.n_circles = circles;
    data.ambient_dim = channels;
    data.subspace_dim = subspace;
    auto const series = generate(data);
    auto const d = static_cast<std::size_t>(channels);
    CHECK(series.x[0] == corners[0]);
    CHECK(series.x[d - 1] == corners[1]);
    CHECK(series.x[series.x.size() - d] == corners[2]);
    CHECK(series.x.back() == corners[3]);
    CHECK(series.circle.back() == last_circle);
  }
}

TEST_CASE("another seed gives the original's values") {
  config::Data data;
  data.seed = 7;
  auto const series = generate(data);
  CHECK(series.x[0] == 4.587855803818667);
  CHECK(series.x[1] == 0.781374023852151);
  std::vector<std::int64_t> circles;
  for (auto const& visit : visits_of(series)) circles.push_back(visit.circle);
  circles.resize(6);
  CHECK(circles == std::vector<std::int64_t>{0, 5, 2, 9, 0, 9});
}

TEST_CASE("a series is bit-identical for any block size and number of threads") {
  config::Data data;
  data.n_steps = 3001;
  auto const whole = generate(data);
  for (int const threads : {1, 2})
    for (std::int64_t const block : {1, 7, 480, 3001, 100000}) {
      CAPTURE(threads, block);
      SeriesStream stream(data, threads, block);
      std::vector<double> x, phase;
      std::vector<std::int64_t> circle;
      std::int64_t steps = 0;
      for_each_block(stream, [&](Block const& b) {
        CHECK(b.first == steps);
        steps += b.steps();
        x.insert(x.end(), b.x.begin(), b.x.end());
        circle.insert(circle.end(), b.circle.begin(), b.circle.end());
        phase.insert(phase.end(), b.phase.begin(), b.phase.end());
      });
      CHECK(same_bits(x, whole.x));
      CHECK(circle == whole.circle);
      CHECK(same_bits(phase, whole.phase));
    }
}

TEST_CASE("a shorter series is the beginning of a longer one") {
  config::Data data;
  data.n_steps = 5000;
  auto const longer = generate(data);
  data.n_steps = 1234;
  auto const shorter = generate(data);
  CHECK(std::equal(shorter.x.begin(), shorter.x.end(), longer.x.begin()));
}

TEST_CASE("the test series shares the process but not the path") {
  config::Data data;
  data.n_steps = 4000;
  auto const training = generate(data);
  auto const test = generate(test_series_of(data));
  CHECK(test.process.plane == training.process.plane);
  CHECK(test.process.transition_matrix == training.process.transition_matrix);
  CHECK(test.process.entry_angle == training.process.entry_angle);
  CHECK(test.phase[0] == training.phase[0]);  // each visit starts at its circle's entry angle
  CHECK(test.x[0] != training.x[0]);
  // numpy: default_rng(43), ten doubles dropped
  CHECK(test.x[0] == -12.55138988679928);
  CHECK(test.x[1] == 1.2904901444556656);
  CHECK(visits_of(test)[1].circle == 7);
  CHECK(visits_of(test)[1].start == 480);

  data.path_seed = data.seed;
  CHECK(generate(data).x == training.x);
}

TEST_CASE("one circle is never left, and two alternate") {
  config::Data data;
  data.n_steps = 1000;
  data.n_circles = 1;
  for (auto const circle : generate(data).circle) REQUIRE(circle == 0);
  data.n_circles = 2;
  auto const visits = visits_of(generate(data));
  for (std::size_t i = 0; i < visits.size(); ++i) CHECK(visits[i].circle == static_cast<std::int64_t>(i % 2));
}

TEST_CASE("every visit makes whole revolutions from the entry angle") {
  config::Data data;
  data.n_steps = 20000;
  data.dwell_std = 400;  // targets below zero occur: one revolution then
  auto const series = generate(data);
  auto visits = visits_of(series);
  visits.pop_back();  // cut by the end
  for (auto const& visit : visits) {
    auto const c = static_cast<std::size_t>(visit.circle);
    CHECK(visit.length % series.process.period[c] == 0);
    CHECK(series.phase[static_cast<std::size_t>(visit.start)] == series.process.entry_angle[c]);
  }
}

TEST_CASE("a drift moves each circle's center as a random walk and changes nothing else") {
  config::Data data;
  data.n_steps = 20000;
  auto const still = generate(data);
  data.drift_std = 0.25;
  auto const drifting = generate(data);
  CHECK(same_bits(drifting.circle, still.circle));
  CHECK(same_bits(drifting.phase, still.phase));
  auto const channels = static_cast<std::size_t>(data.ambient_dim);
  // Steps of the walk over the root of their time: standard normal times drift_std, also from visit to visit.
  std::vector<std::int64_t> last(static_cast<std::size_t>(data.n_circles), 0);
  std::vector<double> before(last.size() * channels, 0.0);
  double squares = 0, between = 0, neighbors = 0, previous = 0;
  std::int64_t returns = 0;
  for (std::int64_t t = 1; t < data.n_steps; ++t) {
    auto const c = static_cast<std::size_t>(drifting.circle[static_cast<std::size_t>(t)]);
    auto const elapsed = t - last[c];
    last[c] = t;
    for (std::size_t i = 0; i < channels; ++i) {
      auto const at = static_cast<std::size_t>(t) * channels + i;
      auto const center = drifting.x[at] - still.x[at];
      auto const step = (center - before[c * channels + i]) / std::sqrt(static_cast<double>(elapsed));
      before[c * channels + i] = center;
      squares += step * step;
      neighbors += step * previous;
      previous = step;
      if (elapsed > 1) between += step * step, ++returns;
    }
  }
  auto const count = static_cast<double>((data.n_steps - 1) * data.ambient_dim), some = static_cast<double>(returns);
  double const variance = 0.25 * 0.25;
  CHECK(std::abs(squares / count / variance - 1) <= 5 * std::sqrt(2 / count));
  CHECK(std::abs(neighbors / count / variance) <= 5 / std::sqrt(count));
  REQUIRE(returns > 500);
  CHECK(std::abs(between / some / variance - 1) <= 5 * std::sqrt(2 / some));

  SeriesStream small(data, 2, 100);
  std::vector<double> x;
  for_each_block(small, [&](Block const& block) { x.insert(x.end(), block.x.begin(), block.x.end()); });
  CHECK(same_bits(x, drifting.x));
  data.path_seed = 7;
  CHECK_FALSE(same_bits(generate(data).x, drifting.x));
}
