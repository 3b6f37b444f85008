#include "kernels/residual_norm.hpp"

#include <catch2/catch_test_macros.hpp>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::NormShape;

TEST_CASE("The norm of a row matches values computed by hand", "[norm]") {
  // h = (1, 3): mean 2, deviation 1.
  std::vector<double> const branch{0, 1}, bias{0.5, 0.5}, residual{0.5, 1.5}, gamma{2, 3}, beta{10, 20};
  std::vector<double> h(2), u(2);
  std::vector<float> mean(1), inverse(1);
  kernels::reference::residual_norm_forward<double>(
      {1, 1, 2}, {}, {branch.data(), bias.data(), residual.data(), gamma.data(), beta.data()},
      {h.data(), u.data(), mean.data(), inverse.data()});
  CHECK(h == std::vector<double>{1, 3});
  CHECK(mean[0] == 2);
  CHECK(relative_error(u, std::vector<double>{10 - 2 / std::sqrt(1.00001), 20 + 3 / std::sqrt(1.00001)}) < 1e-7);
}

TEST_CASE("The reference norm's gradients match finite differences, dropout included", "[norm]") {
  NormShape const s{2, 3, 5};
  kernels::NormDropout const dropout{.p = 0.4, .key = {1, 2, 3}, .first_sample = 8};
  Uniform uniform(53);
  auto branch = uniform.operator()<double>(30, -1, 1), residual = uniform.operator()<double>(30, -1, 1),
       bias = uniform.operator()<double>(5, -1, 1), gamma = uniform.operator()<double>(5, -2, 2),
       beta = uniform.operator()<double>(5, -1, 1);
  auto const du = uniform.operator()<double>(30, -1, 1), along = uniform.operator()<double>(30, -1, 1);
  std::vector<double> h(30), u(30);
  std::vector<float> mean(6), inverse(6);
  auto const loss = [&] {
    kernels::reference::residual_norm_forward<double>(
        s, dropout, {branch.data(), bias.data(), residual.data(), gamma.data(), beta.data()},
        {h.data(), u.data(), mean.data(), inverse.data()});
    double sum = 0;
    for (std::size_t i = 0; i < u.size(); ++i) sum += u[i] * du[i] + h[i] * along[i];
    return sum;
  };
  loss();
  std::vector<double> dh(30), dbranch(30), dgamma(5), dbeta(5), dbias(5);
  kernels::reference::residual_norm_backward<double>(
      s, dropout, h.data(), mean.data(), inverse.data(), gamma.data(),
      {du.data(), along.data(), dh.data(), dbranch.data(), dgamma.data(), dbeta.data(), dbias.data()});
  // The statistics are kept as floats.
  CHECK(relative_error(differences(residual, loss), dh) < 1e-6);
  CHECK(relative_error(differences(branch, loss), dbranch) < 1e-6);
  CHECK(relative_error(differences(gamma, loss), dgamma) < 1e-6);
  CHECK(relative_error(differences(beta, loss), dbeta) < 1e-6);
  CHECK(relative_error(differences(bias, loss), dbias) < 1e-6);
}
