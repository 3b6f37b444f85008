#include "evaluate/probes.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <span>

#include "analysis/representation/circular_shift.hpp"
#include "analysis/representation/ridge_probe.hpp"
#include "evaluate/compare_layers.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;

namespace {

constexpr std::int64_t rows = 1500;

/// A slow walk over three circles with a phase that turns.
evaluate::Targets targets() {
  evaluate::Targets targets;
  random::NumpyGenerator random(3);
  std::int64_t circle = 0, visit = 0;
  double phase = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    if (random.uniform() < 0.03) circle = static_cast<std::int64_t>(random.bounded(2));
    phase += 0.37;
    if (i == 0 || circle != targets.circle.back()) ++visit;
    targets.circle.push_back(circle);
    targets.visit.push_back(visit);
    targets.phase.insert(targets.phase.end(), {std::cos(phase), std::sin(phase)});
  }
  return targets;
}

/// Features that encode everything linearly, and pure noise.
evaluate::PanelRows informative(evaluate::Targets const& targets) {
  random::NumpyGenerator random(4);
  evaluate::PanelRows panel{.dims = 6, .values = {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
    for (std::int64_t c = 0; c < 3; ++c)
      panel.values.push_back(static_cast<float>((targets.circle[i] == c) + 0.1 * random.normal()));
    panel.values.push_back(static_cast<float>(2 * targets.phase[2 * i] + 5 + 0.05 * random.normal()));
    panel.values.push_back(static_cast<float>(-targets.phase[2 * i + 1] + 0.05 * random.normal()));
    panel.values.push_back(7);  // does not vary
  }
  return panel;
}
evaluate::PanelRows silent() {
  random::NumpyGenerator random(5);
  evaluate::PanelRows panel{.dims = 4, .values = std::vector<float>(4 * rows)};
  for (auto& value : panel.values) value = static_cast<float>(random.normal());
  return panel;
}

}  // namespace

TEST_CASE("probes distinguish an informative layer from noise and from controls") {
  auto const wanted = targets();
  std::vector<evaluate::PanelRows> const trained{informative(wanted), silent()}, untrained{silent(), silent()};
  auto const probes = evaluate::probe_panels({trained, untrained}, wanted, 20, 2);
  auto const& found = probes.targets;
  REQUIRE(found.size() == 2);
  auto const& circle = found[0];
  CHECK(circle.target == "circle");
  REQUIRE(circle.scores[0].name == "accuracy");
  CHECK(circle.scores[0].trained[0].value > 0.99);
  CHECK(circle.scores[0].trained[0].se < 0.01);
  CHECK(circle.scores[0].trained[1].value < 0.6);
  CHECK(circle.scores[0].untrained[0].value < 0.6);
  CHECK(circle.scores[0].shuffled[0].mean < 0.7);
  CHECK((*circle.scores[0].chance > 0.2 && *circle.scores[0].chance < 0.6));
  CHECK(circle.scores[2].name == "log_loss");
  CHECK(circle.scores[2].trained[0].value < 0.1);
  auto const& phase = found[1];
  CHECK(phase.target == "phase");
  CHECK(phase.scores[0].trained[0].value > 0.98);
  CHECK(phase.scores[0].trained[1].value < 0.05);
  CHECK(phase.scores[0].untrained[0].value < 0.05);

  // 20 shifts of the targets, default_rng([42, 4]): without information, scores scatter about their mean.
  CHECK((probes.shifts == 20 && probes.groups > 15 && probes.groups <= 25));
  CHECK(circle.scores[0].shuffled[0].sd > 0.005);
  CHECK(circle.scores[0].shuffled[0].sd < 0.2);
  auto const three = evaluate::probe_panels({trained, untrained}, wanted, 20, 2, 3).targets;
  namespace representation = analysis::representation;
  random::NumpyGenerator random((std::uint64_t{4} << 32) | 42);
  representation::ChronologicalFolds const folds(rows, 5, 20, wanted.visit);
  double sum = 0, squares = 0;
  for (int shift = 0; shift < 3; ++shift) {
    auto const turned = representation::circular_shift(std::span<double const>(wanted.phase), 2,
                                                       representation::shift_offset(rows, rows / 10, random));
    auto const r2 = representation::ridge_probe(std::span<float const>(trained[0].values), 6,
                                                {{"phase", std::span<double const>(turned), 2}}, folds)[0]
                        .r2.value;
    sum += r2;
    squares += r2 * r2;
  }
  CHECK(three[1].scores[0].shuffled[0].mean == Catch::Approx(sum / 3));
  CHECK(three[1].scores[0].shuffled[0].sd == Catch::Approx(std::sqrt((squares - sum * sum / 3) / 2)).epsilon(1e-6));

  auto const one = evaluate::probe_panels({trained, untrained}, wanted, 20, 1).targets;
  CHECK(one[0].scores[2].trained[0].value == circle.scores[2].trained[0].value);
  CHECK(one[1].scores[0].shuffled[0].mean == phase.scores[0].shuffled[0].mean);
}

TEST_CASE("unknown targets and too few rows are not probed") {
  std::vector<evaluate::PanelRows> const panels{silent()}, none;
  CHECK(evaluate::probe_panels({panels, none}, {}, 20, 1).targets.empty());
  CHECK(evaluate::probe_panels({none, none}, targets(), 20, 1).targets.empty());
  std::vector<evaluate::PanelRows> const few{{.dims = 2, .values = std::vector<float>(2 * 49, 1.0F)}};
  evaluate::Targets some;
  some.circle.assign(49, 0);
  CHECK(evaluate::probe_panels({few, none}, some, 5, 1).targets.empty());
}

TEST_CASE("a single circle gives NaN and a constant layer a chance score, without an error") {
  auto wanted = targets();
  std::vector<evaluate::PanelRows> const constant{{.dims = 3, .values = std::vector<float>(3 * rows, 2.5F)}}, none;
  auto const found = evaluate::probe_panels({constant, none}, wanted, 20, 1).targets;
  CHECK(found[1].scores[0].trained[0].value < 0.01);  // R^2 of a constant
  wanted.circle.assign(static_cast<std::size_t>(rows), 4);
  auto const single = evaluate::probe_panels({constant, none}, wanted, 20, 1).targets;
  CHECK(std::isnan(single[0].scores[0].trained[0].value));
}

TEST_CASE("layers are compared with each other and with their initial weights") {
  auto const wanted = targets();
  auto const a = informative(wanted);
  auto turned = a;  // the same rows, rotated in the plane of two features and scaled
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
    auto* row = turned.values.data() + 6 * i;
    float const x = row[0], y = row[1];
    row[0] = 0.6F * x - 0.8F * y;
    row[1] = 0.8F * x + 0.6F * y;
    for (std::size_t d = 0; d < 6; ++d) row[d] *= 3;
  }
  std::vector<evaluate::PanelRows> const trained{a, turned, silent()}, untrained{silent(), a, silent()};
  std::vector<std::int64_t> time;
  for (std::int64_t i = 0; i < rows; ++i) time.push_back(10 * i);
  config::Evaluate config;
  config.overlap_theiler = 100;
  auto const found = evaluate::compare_layers({trained, untrained}, time, wanted.circle, config, 2,
                                              analysis::neighbors::HostSearch(2));
  REQUIRE(found.cka.size() == 9);
  CHECK(found.cka[0] == Catch::Approx(1));
  CHECK(found.cka[1] == Catch::Approx(1));  // rotation and scaling change nothing
  CHECK(found.cka[1] == found.cka[3]);
  CHECK(std::abs(found.cka[2]) < 0.02);
  CHECK(found.cka_untrained[1] == Catch::Approx(1));
  CHECK(std::abs(found.cka_untrained[0]) < 0.02);
  CHECK(found.neighbour_overlap[0] == 1);
  CHECK(found.neighbour_overlap[1] > 0.99);
  CHECK(found.neighbour_overlap[2] < 0.1);
  CHECK(found.label_overlap[0] > 0.95);
  CHECK(found.label_overlap[2] < found.label_chance + 0.1);
  CHECK(found.label_overlap_untrained[1] == found.label_overlap[0]);

  SECTION("a window that leaves too few neighbors leaves only CKA") {
    config.overlap_theiler = 10 * rows;
    auto const windowed = evaluate::compare_layers({trained, untrained}, time, wanted.circle, config, 1,
                                                   analysis::neighbors::HostSearch(1));
    CHECK(windowed.cka == found.cka);
    CHECK(windowed.neighbour_overlap.empty());
    CHECK(windowed.label_overlap.empty());
  }
}
