#include "dynamics/analyze.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "dynamics/dynamics_file.hpp"
#include "dynamics/figure.hpp"
#include "dynamics/made_up.hpp"
#include "dynamics/table.hpp"
#include "store/hdf5.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;

namespace {

oracle::HiddenProcess const& process() {
  static oracle::HiddenProcess const hidden(series::make_process({}));
  return hidden;
}

/// The trajectory of `walk` after its first 64 steps.
dynamics::Trajectory follow(oracle::HiddenProcess const& hidden, tests::Walk const& walk, double noise_std,
                            std::vector<char> const& perturbed = {}) {
  std::span<float const> const x(walk.x);
  auto const seed = static_cast<std::size_t>(64 * hidden.channels());
  return dynamics::follow(hidden, dynamics::Decoder(hidden), {x.first(seed), x.subspan(seed), perturbed, noise_std},
                          {});
}
double time(dynamics::Trajectory const& trajectory, dynamics::Failure failure) {
  return trajectory.failure[static_cast<std::size_t>(failure)];
}
bool fails(dynamics::Trajectory const& trajectory) {
  return std::any_of(trajectory.failure.begin(), trajectory.failure.end(), [](double t) { return !std::isnan(t); });
}

}  // namespace

TEST_CASE("every visit of a true series is found, and the series never fails") {
  config::Data data;
  data.n_steps = 20064;
  auto const truth = series::generate(data);
  auto const x = series::to_float32(truth.x);
  dynamics::Input const input{.samples = 1,
                              .seed_steps = 64,
                              .steps = 20000,
                              .seed = std::span(x).first(64 * 20),
                              .starts = {},
                              .conditions = {{"truth", std::span(x).subspan(64 * 20), 2.83, {}}},
                              .burst_interval = 0,
                              .compared = {}};
  oracle::HiddenProcess const hidden(truth.process);
  auto const found = dynamics::analyze(hidden, input, {}, 2);
  auto const& trajectory = found.trajectories[0][0];
  std::vector<dynamics::Visit> known;
  for (std::int64_t t = 0; t < data.n_steps; ++t) {
    auto const circle = truth.circle[static_cast<std::size_t>(t)];
    if (known.empty() || known.back().circle != circle) known.push_back({circle, t - 64, 0, false});
    ++known.back().steps;
  }
  REQUIRE(trajectory.visits.size() == known.size());
  double dwell = 0;
  for (std::size_t v = 0; v < known.size(); ++v) {
    CHECK(trajectory.visits[v].circle == known[v].circle);
    CHECK(std::abs(trajectory.visits[v].first - known[v].first) <= 3);
    if (v > 0 && v + 1 < known.size()) dwell += static_cast<double>(known[v].steps);
  }
  auto const& s = found.statistics[0];
  auto const switches = static_cast<std::int64_t>(known.size()) - 1;
  CHECK(s.switches[0] == switches);
  CHECK(s.dwells == switches - 1);
  CHECK(std::abs(s.dwell_mean - dwell / static_cast<double>(switches - 1)) < 0.2);
  CHECK(s.allowed_share == 1);
  CHECK(s.off_share < 0.001);
  CHECK(s.agreement > 0.999);
  CHECK(s.lasting == 1);
  // White noise off a circle in 20 channels: all but the part along it. And the least error that prediction can have.
  CHECK(std::abs(s.distance - std::sqrt(19.0)) < 0.1);
  CHECK(std::abs(s.prediction_error.value - 8.05) < 0.15);
  CHECK(std::abs(found.law.dwell_mean - 398.2) < 0.1);
}

TEST_CASE("a noise-free circle lies on the manifold and fails only by exceeding the longest visit") {
  tests::Walk walk(process().process());
  walk.turn(2, 5, 3064);
  auto const found = follow(process(), walk, 0);
  for (float const distance : found.distance) REQUIRE(distance < 1e-5f);
  for (float const distance : found.distance_decoded) REQUIRE(distance < 1e-5f);
  CHECK(std::all_of(found.circle.begin(), found.circle.end(), [](auto c) { return c == 2; }));
  CHECK(std::abs(found.phase[100] -
                 std::fmod(process().process().entry_angle[2] + 169 * process().process().step_angle(2), 6.283185307)) <
        1e-4);
  CHECK(std::isnan(time(found, dynamics::Failure::off_manifold)));
  CHECK(std::isnan(time(found, dynamics::Failure::clock)));
  CHECK(time(found, dynamics::Failure::dwell) ==
        static_cast<double>(process().circles()[2].revolutions * process().circles()[2].period - 64));
  tests::Walk shorter(process().process());
  CHECK(!fails(follow(process(), shorter.turn(2, 5, 900), 0)));
}

TEST_CASE("a trajectory that freezes fails an eighth of a period later") {
  tests::Walk walk(process().process());
  walk.turn(6, 0, 264).freeze(300);  // period 280: progress over 70 steps
  auto const found = follow(process(), walk, 0);
  CHECK(std::abs(time(found, dynamics::Failure::clock) - (200 + 35)) <= 5);
  CHECK(std::isnan(time(found, dynamics::Failure::off_manifold)));
  tests::Walk noisy(process().process());
  noisy.turn(6, 0, 264).freeze(300).noise(2.83, 8);
  CHECK(std::abs(time(follow(process(), noisy, 2.83), dynamics::Failure::clock) - (200 + 35)) <= 10);
}

TEST_CASE("noise, the origin and the midpoint of two circles are off the manifold at once, at any noise level") {
  for (double const noise : {0.0, 2.83}) {
    tests::Walk walk(process().process());
    walk.turn(3, 0, 64);
    auto away = walk, origin = walk;
    random::NumpyGenerator generator(5);
    for (int i = 0; i < 100 * 20; ++i) {
      away.x.push_back(static_cast<float>(10 * generator.normal()));
      origin.x.push_back(static_cast<float>(noise * generator.normal()));
    }
    CHECK(time(follow(process(), away, noise), dynamics::Failure::off_manifold) == 7);  // the first full window
    CHECK(time(follow(process(), origin, noise), dynamics::Failure::off_manifold) <= 40);
    auto const none = follow(process(), away, noise).circle;
    CHECK(std::count(none.begin(), none.end(), -1) > 90);
  }
  // Not finite: off the manifold, and nothing else breaks.
  tests::Walk lost(process().process());
  lost.turn(3, 0, 264);
  for (std::size_t i = 100 * 20; i < lost.x.size(); ++i) lost.x[i] = std::nanf("");
  CHECK(time(follow(process(), lost, 0), dynamics::Failure::off_manifold) == 36);
}

TEST_CASE("a burst's own noise does not count as a failure") {
  tests::Walk walk(process().process());
  walk.turn(3, 0, 464);
  std::vector<char> perturbed(400);
  for (std::size_t t = 200; t < 210; ++t) {
    perturbed[t] = 1;
    for (std::size_t i = 0; i < 20; ++i) walk.x[(64 + t) * 20 + i] += i % 2 ? 40.0f : -40.0f;
  }
  CHECK(!fails(follow(process(), walk, 0, perturbed)));
  CHECK(time(follow(process(), walk, 0), dynamics::Failure::off_manifold) >= 200);
}

TEST_CASE("switches are counted by destination and conditions compared in pairs, for any number of threads") {
  auto const& p = process().process();
  tests::Walk calm(p), busy(p);
  calm.turn(0, 0, 264).turn(3, 0, 400);                  // forbidden
  busy.turn(0, 0, 264).turn(1, 0, 200).turn(2, 0, 200);  // along the ring
  auto const seed = std::span<float const>(calm.x).first(64 * 20);
  auto const after_seed = [](tests::Walk const& w) { return std::vector<float>(w.x.begin() + 64 * 20, w.x.end()); };
  auto const a = after_seed(busy), b = after_seed(calm);
  // Three samples: two alike, one that never switches.
  tests::Walk still(p);
  auto const c = after_seed(still.turn(0, 0, 664));
  std::vector<float> seeds, with, without;
  for (int i = 0; i < 3; ++i) {
    seeds.insert(seeds.end(), seed.begin(), seed.end());
    with.insert(with.end(), i < 2 ? a.begin() : c.begin(), i < 2 ? a.end() : c.end());
    without.insert(without.end(), i < 2 ? b.begin() : c.begin(), i < 2 ? b.end() : c.end());
  }
  dynamics::Input const input{
      .samples = 3,
      .seed_steps = 64,
      .steps = 600,
      .seed = seeds,
      .starts = {},
      .conditions = {{"generated", with, 0, std::vector<char>(600)}, {"without_bursts", without, 0, {}}},
      .burst_interval = 150,
      .compared = std::pair<std::size_t, std::size_t>{0, 1}};
  auto const found = dynamics::analyze(process(), input, {}, 1);
  auto const& s = found.statistics;
  CHECK(s[0].switches == std::vector<std::int64_t>{2, 2, 0});
  CHECK(s[1].switches == std::vector<std::int64_t>{1, 1, 0});
  CHECK(s[0].transitions[0 * 10 + 1] == 2);
  CHECK(s[0].transitions[1 * 10 + 2] == 2);
  CHECK(s[1].transitions[0 * 10 + 3] == 2);
  CHECK(s[0].allowed_share == 1);
  CHECK(s[1].allowed_share == 0);
  CHECK(s[1].transition_distance == 1);
  CHECK(std::isinf(s[1].transition_divergence));
  double const due_01 = found.law.seen.transition_matrix[1], due_12 = found.law.seen.transition_matrix[12];
  CHECK(std::abs(s[0].transition_distance - 0.5 * ((1 - due_01) + (1 - due_12))) < 1e-12);
  CHECK(std::abs(due_01 - p.transition_matrix[1]) < 0.03);  // windows miss fewer switches to circles of short period
  CHECK(std::abs(s[0].transition_divergence + 0.5 * (std::log(due_01) + std::log(due_12))) < 1e-12);
  CHECK(s[0].dwells == 2);
  CHECK(std::abs(s[0].dwell_mean - 200) <= 1);
  CHECK(std::isnan(s[1].dwell_mean));
  CHECK(std::abs(s[0].switch_rate.value - 4.0 / 3 / 0.6) < 1e-12);
  CHECK(std::abs(s[0].switch_rate.standard_error - 2.0 / 3 / 0.6) < 1e-12);
  REQUIRE(found.comparison);
  CHECK(found.comparison->rate_ratio.value == 2);
  CHECK(found.comparison->rate_ratio.standard_error == 0);  // twice as many in each pair
  CHECK(std::abs(found.comparison->rate_difference.value - 2.0 / 3 / 0.6) < 1e-12);
  // Steps 200 and 400 of the first condition, 200 of the other, after bursts at 150, 300 and 450.
  REQUIRE(found.since_burst.size() == 2);
  CHECK(found.since_burst[0][50] + found.since_burst[0][49] + found.since_burst[0][51] == 2);
  CHECK(found.since_burst[0][100] + found.since_burst[0][99] + found.since_burst[0][101] == 2);

  auto const again = dynamics::analyze(process(), input, {}, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(again.trajectories[0][i].circle == found.trajectories[0][i].circle);
    CHECK(again.trajectories[1][i].prediction_error == found.trajectories[1][i].prediction_error);
  }

  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "d.h5";
  store::Hdf5Writer h5(file);
  std::vector<std::int64_t> const samples{0, 1, 2}, times(600);
  h5.scale<std::int64_t>("/sample", samples);
  h5.scale<std::int64_t>("/time", times);
  dynamics::write_dynamics(h5, found);
  h5.close();
  store::Hdf5Reader const read(file);
  CHECK(read.shape("/dynamics/circle") == std::vector<std::int64_t>{2, 3, 600});
  CHECK(read.read<std::int64_t>("/dynamics/switches") == std::vector<std::int64_t>{2, 2, 0, 1, 1, 0});
  CHECK(read.read<double>("/dynamics/bursts/switch_rate_ratio") == std::vector<double>{2});
  CHECK(read.shape("/visit") == std::vector<std::int64_t>{3 + 3 + 1 + 2 + 2 + 1});
  auto const table = dynamics::summary_table(found);
  CHECK(table.find("2.222 ± 1.111") != std::string::npos);
  CHECK(table.find("bursts: 2.000 ± 0.000 times the switches") != std::string::npos);
  // The second condition has no complete visit.
  CHECK(table.find(" –") != std::string::npos);
  CHECK(table.find(
            "–: undefined, because these windows have too few complete visits, switches, or steps on a circle\n") !=
        std::string::npos);
}

namespace {

/// The figures of one sample, whose truth lasts and whose generated steps fail at step 7.
void check_figures(std::filesystem::path const& folder, std::int64_t circles) {
  auto const strips = tests::read_figure(folder / "generation_dynamics.svg");
  for (char const* words :
       {"sample 0: truth", "generated", "Steps after the seed", "Decoded circle", "first failure", "no circle"})
    CHECK(strips.says(words));
  REQUIRE(strips.panels.size() == 1);
  auto const& panel = strips.panels[0];
  CHECK(panel.plots.at(0).areas.size() >= 2);
  // A white cross below the red one.
  REQUIRE(panel.plots.at(3).marks.size() == 1);
  CHECK(std::abs(panel.x.value(panel.plots[3].marks[0].at.x) - 7) < 0.5);
  constexpr std::int64_t most_in_key = 20;
  CHECK(strips.says("Circle:"));
  // The legend's samples of colors are short thick lines.
  CHECK((strips.strokes.size() > static_cast<std::size_t>(circles) || circles > most_in_key));

  auto const statistics = tests::read_figure(folder / "generation_statistics.svg");
  for (char const* words : {"Complete visits", "Share of shorter visits", "process, same windows", "truth", "generated",
                            "Distance to a circle", "r.m.s., units of the noise", "Samples without failure", "Share",
                            "Steps after the seed"})
    CHECK(statistics.says(words));
  REQUIRE(statistics.panels.size() == 3);
  CHECK(statistics.panels[0].plots.size() == 3);
  auto const& distance = statistics.panels[1];
  REQUIRE(distance.plots.size() == 2);
  CHECK(distance.plots[0].line().size() == 100);
  CHECK(distance.plots[1].line().size() == 100);
  auto const& lasting = statistics.panels[2];
  auto const share = [&](std::size_t plot, bool last) {
    auto const line = lasting.values(lasting.plots.at(plot).line());
    return last ? line.back().y : line.front().y;
  };
  CHECK((std::abs(share(0, false) - 1) < 0.01 && std::abs(share(0, true) - 1) < 0.01));
  CHECK((std::abs(share(1, false) - 1) < 0.01 && std::abs(share(1, true)) < 0.01));
}

}  // namespace

TEST_CASE("one, three and two hundred circles are analyzed and drawn, even if none is visited") {
  for (std::int64_t const circles : {1, 3, 200}) {
    config::Data data;
    data.n_circles = circles;
    data.n_steps = 864;
    auto const truth = series::generate(data);
    auto const x = series::to_float32(truth.x);
    oracle::HiddenProcess const hidden(truth.process);
    std::vector<float> const far(800 * 20, 1e20f);
    dynamics::Input const input{
        .samples = 1,
        .seed_steps = 64,
        .steps = 800,
        .seed = std::span(x).first(64 * 20),
        .starts = {},
        .conditions = {{"truth", std::span(x).subspan(64 * 20), 2.83, {}}, {"generated", far, 0, {}}},
        .burst_interval = 0,
        .compared = std::pair<std::size_t, std::size_t>{1, 0}};
    auto const found = dynamics::analyze(hidden, input, {}, 2);
    INFO(circles << " circles");
    CHECK(found.statistics[0].lasting == 1);
    CHECK(found.statistics[0].off_share < 0.2);
    CHECK(found.statistics[1].first_failure[0] == 7);
    CHECK(std::abs(std::accumulate(found.law.dwell.begin(), found.law.dwell.end(), 0.0) - (circles > 1 ? 1 : 0)) <
          1e-9);
    if (circles == 1) CHECK(found.statistics[0].switch_rate.value == found.law.seen.switch_rate);
    CHECK(dynamics::summary_table(found).find("nan") == std::string::npos);
    tests::TemporaryFolder const folder;
    dynamics::draw_dynamics(found, folder.path());
    CHECK(std::filesystem::exists(folder.path() / "plots/generation_dynamics.gp"));
    CHECK(std::filesystem::exists(folder.path() / "plots/generation_statistics.gp"));
    if (tests::gnuplot_installed()) check_figures(folder.path(), circles);
  }
}

TEST_CASE("periods of one to three steps, no noise and no visits are handled") {
  config::Data data;
  data.n_circles = 3;
  data.ambient_dim = 3;
  data.min_period = 1;
  data.max_period = 3;
  data.dwell_mean = 3;
  data.dwell_std = 0.8;
  data.noise_std = 0;
  data.n_steps = 120;
  auto const truth = series::generate(data);
  auto const x = series::to_float32(truth.x);
  oracle::HiddenProcess const hidden(truth.process);
  std::vector<float> const far(100 * 3, 1e4f);
  dynamics::Input const input{.samples = 1,
                              .seed_steps = 20,
                              .steps = 100,
                              .seed = std::span(x).first(20 * 3),
                              .starts = {},
                              .conditions = {{"truth", std::span(x).subspan(20 * 3), 0, {}}},
                              .burst_interval = 0,
                              .compared = {}};
  auto found = dynamics::analyze(hidden, input, {}, 1);
  CHECK(found.statistics[0].lasting == 1);
  CHECK(found.statistics[0].distance < 1e-2);
  auto nowhere = input;
  nowhere.seed_steps = 1;
  nowhere.seed = std::span(far).first(3);
  nowhere.steps = 99;
  nowhere.conditions = {{"generated", std::span(far).subspan(3), 0, {}}};
  found = dynamics::analyze(hidden, nowhere, {}, 1);
  CHECK(found.statistics[0].first_failure[0] == 7);
  CHECK(std::isnan(found.statistics[0].switch_rate.standard_error));
  found.trajectories[0][0].visits.clear();
  tests::TemporaryFolder const folder;
  store::Hdf5Writer h5(folder.path() / "d.h5");
  std::vector<std::int64_t> const samples(1), times(99);
  h5.scale<std::int64_t>("/sample", samples);
  h5.scale<std::int64_t>("/time", times);
  dynamics::write_dynamics(h5, found);
  h5.close();
  CHECK(store::Hdf5Reader(folder.path() / "d.h5").shape("/visit") == std::vector<std::int64_t>{0});
}
