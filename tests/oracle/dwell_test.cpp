#include "oracle/dwell.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "errors/errors.hpp"
#include "oracle/hidden_process.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

TEST_CASE("the dwell law matches the generator's rule") {
  auto const law = oracle::dwell_law(80, 400, 100);
  CHECK(law.size() == 14);
  CHECK_THAT(std::accumulate(law.begin(), law.end(), 0.0), WithinAbs(1, 1e-15));
  CHECK_THAT(law[4], WithinAbs(0.3108434832206484, 1e-12));   // P(4.5 <= target / 80 < 5.5), by scipy.stats.norm
  CHECK_THAT(law[0], WithinAbs(0.00255513033042794, 1e-14));  // everything below 1.5 revolutions
  random::NumpyGenerator generator(1);
  constexpr int draws = 200000;
  std::vector<double> share(law.size(), 0.0);
  for (int i = 0; i < draws; ++i)
    share[static_cast<std::size_t>(std::max(1.0, std::nearbyint(generator.normal(400, 100) / 80))) - 1] += 1.0 / draws;
  for (std::size_t j = 0; j < law.size(); ++j) CHECK_THAT(share[j], WithinAbs(law[j], 5 * std::sqrt(0.25 / draws)));
}

TEST_CASE("the lower tail of the dwell law keeps its precision") {
  auto const law = oracle::dwell_law(10, 1000, 10);
  CHECK(law.size() == 107);
  CHECK_THAT(law[92],
             WithinRel(4.0128097e-11, 1e-6));  // 92.5 to 93.5 revolutions: 7.5 to 6.5 deviations below the mean
}

TEST_CASE("visits of fixed length round half to even, as in the generator") {
  CHECK(oracle::dwell_law(160, 400, 0) == std::vector<double>{0, 1});  // 2.5 revolutions
  CHECK(oracle::dwell_law(400, 100, 0) == std::vector<double>{1});
}

TEST_CASE("the bound on revolutions is immediate for visits of any length") {
  for (double const most : {1e300, 1e18, 1e12})
    for (auto const& [mean, std] : {std::pair{most, 100.0}, std::pair{400.0, most}, std::pair{most, 0.0}})
      CHECK(oracle::most_revolutions(1, mean, std) == 1'000'000'000);
}

TEST_CASE("the original's process has about eleven thousand states") {
  oracle::HiddenProcess const hidden(series::make_process({}));
  CHECK(hidden.positions() == 2200);
  CHECK(hidden.states() == 11200);
}

TEST_CASE("the stationary law is invariant under the chain, including large and periodic chains") {
  for (std::int64_t const n : {1, 2, 3, 10, 200}) {
    config::Data data;
    data.n_circles = n;
    auto const matrix = series::make_process(data).transition_matrix;
    auto const law = oracle::stationary_law(matrix, n);
    auto const size = static_cast<std::size_t>(n);
    CHECK_THAT(std::accumulate(law.begin(), law.end(), 0.0), WithinAbs(1, 1e-13));
    for (std::size_t j = 0; j < size; ++j) {
      double next = 0;
      for (std::size_t i = 0; i < size; ++i) next += law[i] * matrix[i * size + j];
      CHECK_THAT(next, WithinAbs(law[j], 1e-15));
    }
  }
}

TEST_CASE("a process with too many states is rejected, naming the keys") {
  config::Data data;
  data.dwell_mean = 1e8;
  CHECK_THROWS_WITH(oracle::HiddenProcess(series::make_process(data)),
                    Catch::Matchers::ContainsSubstring("data.dwell_mean"));
}
