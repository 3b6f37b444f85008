#include "series/scaling.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace mambasynth::series;
using Catch::Approx;

TEST_CASE("a scaling covers each step of the windows once, and undoes itself") {
  std::vector<float> x{1, 10, 3, 10, 5, 10, 99, 99};  // (4, 2); the last step is in no window
  auto const scaling = scaling_of(x, 2, {1, 0}, 2);
  CHECK(scaling.mean == std::vector<double>{3, 10});
  CHECK(scaling.std[0] == Approx(std::sqrt(8.0 / 3)));
  CHECK(scaling.std[1] == 1);  // constant
  auto z = x;
  scaling.apply(z);
  CHECK(z[0] == Approx(-2 / std::sqrt(8.0 / 3)));
  CHECK(z[1] == 0);
  scaling.undo(z);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(z[i] == Approx(x[i]));
  auto same = x;
  Scaling{}.apply(same);
  CHECK(same == x);
}

TEST_CASE("scales far from 1 are noted") {
  CHECK(note_on_scales({{0, 5}, {1, 5}}).empty());
  CHECK_FALSE(note_on_scales({{0, 0}, {1, 0.01}}).empty());
  CHECK_FALSE(note_on_scales({{0, 0}, {1, 50}}).empty());
  CHECK_FALSE(note_on_scales({{0, -200}, {1, 1}}).empty());
}
