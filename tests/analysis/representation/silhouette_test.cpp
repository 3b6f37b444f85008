#include "analysis/representation/silhouette.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

#include "analysis/representation/draws.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using analysis::representation::silhouette;
using Catch::Approx;
using Doubles = std::span<double const>;
using Labels = std::vector<std::int64_t>;

namespace {

struct Sample {
  std::int64_t dims, labels, n;
  std::vector<double> points;
  Labels label;
  /// Z = rng.normal(size=(n, dims)); label = rng.integers(labels, size=n); Z[:, 0] += 2 * label; label[11] = labels
  Sample(random::NumpyGenerator& rng, std::int64_t dims_, std::int64_t labels_, std::int64_t n_)
      : dims(dims_), labels(labels_), n(n_), points(draws::normal(rng, n, dims)) {
    for (std::int64_t i = 0; i < n; ++i) {
      label.push_back(static_cast<std::int64_t>(rng.bounded(static_cast<std::uint64_t>(labels - 1))));
      points[static_cast<std::size_t>(i * dims)] += 2.0 * static_cast<double>(label.back());
    }
    label[11] = labels;
  }
};

}  // namespace

TEST_CASE("silhouettes match scikit-learn") {
  // rng = numpy.random.default_rng(9), one sample after the other; silhouette_score, silhouette_samples
  random::NumpyGenerator rng(9);
  Sample const plane(rng, 2, 3, 157);
  auto const flat = silhouette(Doubles(plane.points), 2, plane.label);
  CHECK(flat.mean == Approx(0.12493303836478599).epsilon(1e-11));
  CHECK(flat.of_point[0] == Approx(0.4338713).epsilon(1e-6));
  CHECK(flat.of_point[2] == Approx(-0.14127346).epsilon(1e-6));
  CHECK(flat.of_point[11] == 0);
}

TEST_CASE("silhouettes in many dimensions match scikit-learn") {
  random::NumpyGenerator rng(9);
  Sample const first(rng, 2, 3, 157);
  Sample const wide(rng, 40, 7, 203);
  auto const one = silhouette(Doubles(wide.points), 40, wide.label, 1);
  CHECK(one.mean == Approx(0.0012233614743064154).epsilon(1e-9));
  auto const three = silhouette(Doubles(wide.points), 40, wide.label, 3);
  CHECK(one.mean == three.mean);
  CHECK(one.of_point == three.of_point);
}

TEST_CASE("silhouettes in single precision match a hand calculation") {
  std::vector<float> const points{0, 1, 10, 12};
  auto const found = silhouette(std::span<float const>(points), 1, Labels{5, 5, 8, 8});
  CHECK(found.of_point[0] == Approx(10.0 / 11));
  CHECK(found.of_point[1] == Approx(9.0 / 10));
  CHECK(found.of_point[2] == Approx(7.5 / 9.5));
  CHECK(found.of_point[3] == Approx(9.5 / 11.5));
}

TEST_CASE("degenerate silhouettes are zero or NaN") {
  std::vector<double> const same(8, 1.0);
  CHECK(silhouette(Doubles(same), 2, Labels{0, 0, 1, 1}).mean == 0);
  CHECK(std::isnan(silhouette(Doubles(same), 2, Labels{3, 3, 3, 3}).mean));
  CHECK(std::isnan(silhouette({}, 2, Labels{}).mean));
  CHECK(silhouette(Doubles(same), 2, Labels{0, 1, 2, 3}).mean == 0);  // each alone
  std::vector<double> const line{0, 1, 500, 10, 12};
  auto const without = silhouette(Doubles(line), 1, Labels{5, 5, -1, 8, 8});
  CHECK(std::isnan(without.of_point[2]));
  CHECK(without.of_point[0] == Approx(10.0 / 11));
  CHECK_THROWS_AS(silhouette(Doubles(line), 1, Labels{0, 1}), errors::Error);
  std::vector<double> const bad{0, std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_AS(silhouette(Doubles(bad), 1, Labels{0, 1}), errors::Error);
}
