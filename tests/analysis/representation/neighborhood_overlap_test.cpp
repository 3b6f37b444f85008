#include "analysis/representation/neighborhood_overlap.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/representation/draws.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using namespace analysis::representation;
using analysis::neighbors::nearest_neighbors;
using analysis::neighbors::Neighbors;
using Catch::Approx;

namespace {

constexpr std::int64_t n = 300;

/// rng = numpy.random.default_rng(8); P = rng.normal(size=(n, 3)); Q = P + 0.3 rng.normal(size=(n, 3));
/// label = rng.integers(4, size=n); P += label[:, None]
struct Sample {
  std::vector<double> p, q;
  std::vector<std::int64_t> label, time;
  Sample() : label(n), time(n) {
    random::NumpyGenerator rng(8);
    p = draws::normal(rng, n, 3);
    q = draws::normal(rng, n, 3);
    for (std::size_t i = 0; i < q.size(); ++i) q[i] = p[i] + 0.3 * q[i];
    for (auto& value : label) value = static_cast<std::int64_t>(rng.bounded(3));
    for (std::size_t i = 0; i < p.size(); ++i) p[i] += static_cast<double>(label[i / 3]);
    std::iota(time.begin(), time.end(), 0);
  }
};

}  // namespace

TEST_CASE("overlaps match NumPy") {
  Sample const sample;
  auto const blocks = analysis::statistics::blocks_in_time(sample.time, 6);
  struct Wanted {
    std::int64_t window;
    double layers, layers_se, labels, labels_se, chance, label_chance;
  };
  for (auto const& wanted : {Wanted{0, 0.179, 0.0063613415775814666, 0.5443333333333333, 0.019039724554496873,
                                    0.033444816053511704, 0.24878483835005577},
                             Wanted{5, 0.1796666666666667, 0.005736820644844244, 0.5423333333333334,
                                    0.017415829325964097, 0.034590252876458435, 0.2486555348321307}}) {
    analysis::neighbors::TemporalWindow const window{sample.time, wanted.window};
    auto const a = nearest_neighbors<double>(sample.p, n, 3, 10, 0, window);
    auto const b = nearest_neighbors<double>(sample.q, n, 3, 15, 0, window);
    auto const layers = neighborhood_overlap(a, b, 10, blocks);
    CHECK(layers.mean == Approx(wanted.layers));
    CHECK(layers.se == Approx(wanted.layers_se));
    auto const labels = label_overlap(a, sample.label, 10, blocks);
    CHECK(labels.mean == Approx(wanted.labels));
    CHECK(labels.se == Approx(wanted.labels_se));
    CHECK(neighborhood_overlap_by_chance(n, 10, window) == Approx(wanted.chance));
    CHECK(label_overlap_by_chance(sample.label, window) == Approx(wanted.label_chance));
  }
}

TEST_CASE("a layer overlaps completely with itself at any scale") {
  Sample const sample;
  auto scaled = sample.p;
  for (auto& value : scaled) value *= -4;
  auto const a = nearest_neighbors<double>(sample.p, n, 3, 7), b = nearest_neighbors<double>(scaled, n, 3, 9);
  CHECK(neighborhood_overlap(a, b, 7).mean == 1);
  CHECK(std::isnan(neighborhood_overlap(a, b, 7).se));
}

TEST_CASE("missing labels match nothing, and a single label matches everywhere") {
  std::vector<double> const line{0, 1, 2, 3, 4};
  auto const lists = nearest_neighbors<double>(line, 5, 1, 2);
  std::vector<std::int64_t> labels{0, 0, -1, 1, 1};
  CHECK(label_overlap(lists, labels, 1).mean == Approx(0.75));  // row 3 takes row 2, the first of two equally near
  CHECK(label_overlap_by_chance(labels) == Approx(0.25));
  labels.assign(5, 3);
  CHECK(label_overlap(lists, labels, 2).mean == 1);
  CHECK(label_overlap_by_chance(labels) == 1);
  labels = {0, 1, 2, 3, 4};
  CHECK(label_overlap(lists, labels, 2).mean == 0);
  labels.assign(5, -1);
  CHECK(std::isnan(label_overlap(lists, labels, 2).mean));
  CHECK(std::isnan(label_overlap_by_chance(labels)));
}

TEST_CASE("lists of different points are rejected") {
  Sample const sample;
  auto const a = nearest_neighbors<double>(sample.p, n, 3, 5);
  auto const fewer = nearest_neighbors<double>(std::span(sample.p).first(30), 10, 3, 5);
  CHECK_THROWS_AS(neighborhood_overlap(a, fewer, 5), errors::Error);
  CHECK_THROWS_AS(neighborhood_overlap(a, a, 6), errors::Error);
  CHECK_THROWS_AS(neighborhood_overlap(a, a, 0), errors::Error);
  CHECK_THROWS_AS(label_overlap(fewer, sample.label, 5), errors::Error);
  CHECK_THROWS_AS(neighborhood_overlap(fewer, fewer, 5, analysis::statistics::blocks_in_time(sample.time, 6)),
                  errors::Error);
}
