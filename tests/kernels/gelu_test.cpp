#include "kernels/gelu.hpp"

#include <catch2/catch_test_macros.hpp>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

TEST_CASE("The reference gelu matches tabulated values", "[gelu]") {
  // a Phi(a) with Phi from tables of the normal distribution.
  std::vector<double> const pre{-1, 0, 0.5, 1.5}, bias{0.5};
  std::vector<double> out(4);
  kernels::reference::gelu_forward(4, 1, pre.data(), bias.data(), out.data());
  CHECK(relative_error(out, std::vector<double>{-0.5 * 0.30853753872598690, 0.5 * 0.69146246127401310,
                                                0.84134474606854293, 2 * 0.97724986805182079}) < 1e-15);
}

TEST_CASE("The reference gelu's gradients match finite differences", "[gelu]") {
  constexpr std::int64_t rows = 5, columns = 3;
  Uniform uniform(47);
  auto pre = uniform.operator()<double>(rows * columns, -3, 3), bias = uniform.operator()<double>(columns, -1, 1);
  auto const dout = uniform.operator()<double>(rows * columns, -1, 1);
  std::vector<double> dpre(pre.size()), dbias(bias.size()), out(pre.size());
  kernels::reference::gelu_backward(rows, columns, pre.data(), bias.data(), dout.data(), dpre.data(), dbias.data());
  auto const loss = [&] {
    kernels::reference::gelu_forward(rows, columns, pre.data(), bias.data(), out.data());
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * dout[i];
    return sum;
  };
  CHECK(relative_error(differences(pre, loss), dpre) < 1e-8);
  CHECK(relative_error(differences(bias, loss), dbias) < 1e-8);
}
