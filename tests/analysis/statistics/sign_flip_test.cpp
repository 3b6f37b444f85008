#include "analysis/statistics/sign_flip.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

#include "analysis/statistics/holm.hpp"

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

namespace {

double p_of(std::vector<double> const& differences) { return sign_flip_test(differences).p; }

// Rounded draws, whose null distribution an integer convolution counts in full.
std::vector<double> const thirty{2.3909, -2.2057, 0.7681, -0.2178, -0.1026, 0.1344,  -1.67,  0.1181, -0.5152, 3.673,
                                 0.5758, -0.0026, 0.0687, -0.318,  -0.7052, -0.0408, 0.8319, 0.1114, 1.3078,  0.1502,
                                 0.3743, 1.8958,  0.8951, -0.1552, 0.1672,  0.8905,  2.2851, 0.0804, 0.1064,  1.3523};

}  // namespace

// scipy.stats.permutation_test(permutation_type="samples") over all assignments.
TEST_CASE("the p of the sign-flip test") {
  CHECK(p_of({0.3, 0.5, -0.1, 0.4, 0.2}) == 0.125);
  CHECK(p_of({1, 2, 3, 4, 5}) == 0.0625);
  CHECK(p_of({-1, -2, -3, -4, -5}) == 0.0625);
  CHECK(p_of({1, -1, 2, -2}) == 1);
  CHECK(p_of({1, 1, 1, -1}) == 0.625);
  CHECK(p_of({3, 0, 0, 2, 1, -1}) == 0.375);
  CHECK(p_of({0.1, 0.2, 0.3, -0.1, -0.2, 0.25, 0.05, 0.4}) == 0.1484375);
  CHECK(p_of({2.5}) == 1);
  CHECK(p_of({2.5, 2.5}) == 0.5);
}

TEST_CASE("thirty pairs are exact") {
  auto const test = sign_flip_test(thirty);
  CHECK(test.exact);
  CHECK(test.p == Approx(0.061256829649209976).epsilon(1e-14));
  CHECK(test.p_least == std::ldexp(1.0, -29));
}

TEST_CASE("sums that are equal but for rounding tie") {
  // 0.3 - 0.1 and 0.1 + 0.1 differ in the last bit.
  CHECK(p_of({0.1, 0.1, 0.3, 0.5}) == p_of({1, 1, 3, 5}));
  CHECK(p_of({0.1, 0.2, -0.3, 0.7}) == p_of({1, 2, -3, 7}));
  // A mean that is 0 but for rounding is as near to 0 as any.
  CHECK(p_of({0.1, 0.2, -0.3}) == 1);
}

TEST_CASE("the least p that can be attained") {
  CHECK(sign_flip_test(std::vector{1.0, 2.0, -3.0, 4.0, 5.0}).p_least == 0.0625);
  CHECK(sign_flip_test(std::vector{1.0}).p_least == 1);
  // A difference of 0 has no sign.
  CHECK(sign_flip_test(std::vector{1.0, 0.0, 2.0}).p_least == 0.5);
  CHECK(sign_flip_test(std::vector{0.0, 0.0, 0.0}).p_least == 1);
  CHECK(sign_flip_test(std::vector{0.0, 0.0, 0.0}).p == 1);
  CHECK(std::isnan(sign_flip_test({}).p));
  CHECK(std::isnan(sign_flip_test({}).p_least));
}

TEST_CASE("many pairs are tested by random signs, the same ones each time") {
  // Each difference twice: 60 pairs.
  auto many = thirty;
  many.insert(many.end(), thirty.begin(), thirty.end());
  auto const test = sign_flip_test(many);
  CHECK_FALSE(test.exact);
  CHECK(test.p == sign_flip_test(many).p);
  // Of the sum's normal limit, which 60 pairs are close to; 20,000 draws scatter by 0.0006.
  double sum = 0, squares = 0;
  for (auto const value : many) sum += value, squares += value * value;
  CHECK(test.p == Approx(std::erfc(sum / std::sqrt(2 * squares))).margin(0.003));
  CHECK(test.p_least == 1 / 20001.0);
  std::vector<double> const clear(100, 1.0);
  CHECK(p_of(clear) == 1 / 20001.0);
}

// statsmodels.stats.multitest.multipletests(method="holm")
TEST_CASE("Holm's method") {
  auto const adjusted = holm(std::vector{0.01, 0.04, 0.03, 0.005, 0.2});
  std::vector<double> const expected{0.04, 0.09, 0.09, 0.025, 0.2};
  REQUIRE(adjusted.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(adjusted[i] == Approx(expected[i]).epsilon(1e-14));
  CHECK(holm(std::vector{0.9, 0.8}) == std::vector{1.0, 1.0});
  CHECK(holm(std::vector{0.0625, 0.0625, 0.0625}) == std::vector(3, 0.1875));
  CHECK(holm({}).empty());
  // No test: two others remain.
  auto const partial = holm(std::vector{0.02, std::nan(""), 0.5});
  CHECK(partial[0] == 0.04);
  CHECK(std::isnan(partial[1]));
  CHECK(partial[2] == 0.5);
}
