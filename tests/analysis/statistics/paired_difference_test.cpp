#include "analysis/statistics/paired_difference.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

#include "analysis/statistics/student_t.hpp"

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

// scipy.stats.ttest_1samp
TEST_CASE("a paired difference") {
  auto const of = paired_difference(std::vector{0.3, 0.5, -0.1, 0.4, 0.2});
  CHECK(of.difference.n == 5);
  CHECK(of.difference.mean == Approx(0.26));
  CHECK(of.effect_size == Approx(1.1293678311839805).epsilon(1e-12));
  CHECK(of.p_student == Approx(0.0649859103421206).epsilon(1e-12));
  CHECK(of.difference.low < 0);
  CHECK(of.sign_flip.p == 0.125);
}

TEST_CASE("differences that do not scatter have no effect size") {
  auto const equal = paired_difference(std::vector{-2.0, -2.0, -2.0});
  CHECK(equal.difference.mean == -2);
  CHECK(std::isnan(equal.difference.low));
  CHECK(std::isnan(equal.effect_size));
  CHECK(equal.p_student == 0);
  CHECK(equal.sign_flip.p == 0.25);
  CHECK(paired_difference(std::vector{0.0, 0.0}).p_student == 1);

  auto const one = paired_difference(std::vector{2.0});
  CHECK(std::isnan(one.effect_size));
  CHECK(std::isnan(one.p_student));
  CHECK(one.sign_flip.p == 1);
  CHECK(std::isnan(paired_difference({}).difference.mean));
}

TEST_CASE("the p of a t that is far out does not vanish") {
  CHECK(two_sided_p(0, 4) == 1);
  CHECK(two_sided_p(-2.7764451051977987, 4) == Approx(0.05));
  CHECK(two_sided_p(1e6, 4) > 0);
  CHECK(std::isnan(two_sided_p(std::nan(""), 4)));
}
