#include "kernels/horizon_loss.hpp"

#include <catch2/catch_test_macros.hpp>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

TEST_CASE("The loss of a window matches values computed by hand", "[loss]") {
  // One window of three steps, one channel in rows of two, horizon 1: errors 1 + 1 - 5 and 2 + 1 - 7.
  std::vector<float> const prediction{1, 99, 2, 99, 3, 99}, bias{1}, x{0, 5, 7};
  std::vector<double> sum(1), dprediction(6, 1);
  std::vector<float> dbias(1);
  kernels::reference::horizon_loss<double>(
      {1, 3, 1, 2, 1}, 0.5, {prediction.data(), bias.data(), x.data(), sum.data(), dprediction.data(), dbias.data()});
  CHECK(sum[0] == 25);
  CHECK(dprediction == std::vector<double>{-1.5, 0, -2, 0, 0, 0});
  CHECK(dbias[0] == -3.5F);
}

TEST_CASE("A horizon as long as the window compares nothing; an impossible loss is refused", "[loss]") {
  std::vector<float> const numbers(12, 1.0F);
  std::vector<double> sum(2, 7);
  kernels::reference::horizon_loss<float>(
      {2, 3, 2, 2, 3}, 1, {numbers.data(), numbers.data(), numbers.data(), sum.data(), nullptr, nullptr});
  CHECK(sum == std::vector<double>{0, 0});
  CHECK_THROWS_AS(kernels::reference::horizon_loss<float>({2, 3, 2, 1, 1}, 1, {}), std::invalid_argument);
}
