#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <span>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "kernels/causal_conv1d.hpp"

/// The dimension of a surface in space, and a convolution: two sums of neighbors, and their silu.
int main() {
  using namespace mambasynth;
  std::int64_t const points = 2000;
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform;
  std::vector<double> rows;
  for (std::int64_t i = 0; i < points; ++i) {
    double const u = uniform(random), v = uniform(random);
    rows.insert(rows.end(), {u, v, u * v});
  }
  auto const estimates = analysis::dimension::estimate_all(std::span<double const>(rows), points, 3, {20});
  double const dimension = estimates[analysis::dimension::two_nn_ml].front().value;

  std::array<float, 2> const x{1, 2}, weight{1, 1};
  std::array<float, 2> out{};
  float const bias = 0;
  kernels::causal_conv1d_forward<float>({.batch = 1, .time = 2, .channels = 1, .d_conv = 2}, x.data(), 1, weight.data(),
                                        &bias, out.data());
  std::printf("%.3f %.6f %.6f\n", dimension, static_cast<double>(out[0]), static_cast<double>(out[1]));
}
