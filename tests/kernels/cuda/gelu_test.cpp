#include "kernels/gelu.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;

namespace {

template <class T>
void compare(std::int64_t rows, std::int64_t columns, double range, bool in_place) {
  INFO(rows << " rows of " << columns << " columns up to " << range);
  Uniform uniform(17);
  auto const pre = stored<T>(uniform, rows * columns, -range, range), dout = stored<T>(uniform, rows * columns, -1, 1);
  auto const bias = stored<float>(uniform, columns, -1, 1);
  std::vector<double> out(pre.size()), dpre(pre.size()), dbias(bias.size());
  kernels::reference::gelu_forward(rows, columns, pre.data(), bias.data(), out.data());
  kernels::reference::gelu_backward(rows, columns, pre.data(), bias.data(), dout.data(), dpre.data(), dbias.data());

  DeviceArray<T> const on_pre(pre);
  DeviceArray<float> const on_bias(bias);
  DeviceArray<std::byte> workspace(kernels::cuda::gelu_workspace_bytes(rows, columns));
  std::vector<std::vector<float>> first;
  for (int repeat = 0; repeat < 2; ++repeat) {
    DeviceArray<T> found(pre.size()), gradient(dout), apart(pre.size());
    DeviceArray<float> found_bias(bias.size());
    kernels::cuda::gelu_forward<T>(rows, columns, on_pre.get(), on_bias.get(), found.get(), nullptr);
    kernels::cuda::gelu_backward<T>(rows, columns, on_pre.get(), on_bias.get(), gradient.get(),
                                    in_place ? gradient.get() : apart.get(), found_bias.get(), workspace.get(),
                                    nullptr);
    std::vector<std::vector<float>> const results{found.values(), in_place ? gradient.values() : apart.values(),
                                                  found_bias.values()};
    if (repeat == 0) {
      check_close<T>("out", results[0], out);
      check_close<T>("dpre", results[1], dpre);
      check_close<T>("dbias", results[2], dbias);
      first = results;
    } else {
      for (std::size_t i = 0; i < results.size(); ++i) CHECK(same_bits(results[i], first[i]));
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("The GPU gelu matches the reference for every width", "[gpu]", float, BFloat16) {
  require_gpu();
  for (std::int64_t columns : {1, 5, 8, 24, 100, 256, 264, 512, 1000})
    compare<TestType>(37, columns, 3, columns % 2 == 0);
  compare<TestType>(5000, 512, 3, true);
  compare<TestType>(9001, 7, 3, false);
  compare<TestType>(1, 512, 30, true);
}

TEST_CASE("The tails of the bf16 gelu are accurate", "[gpu]") {
  require_gpu();
  std::vector<double> const pre{-50, -20, -8, -5, -4, -3, -0.0, 1e-30, 4, 8, 20, 3e38};
  std::vector<double> const none(1);
  auto const n = static_cast<std::int64_t>(pre.size());
  std::vector<double> stored_pre, expected(pre.size());
  for (auto v : pre) stored_pre.push_back(value_of(to_bf16(static_cast<float>(v))));
  kernels::reference::gelu_forward(n, 1, stored_pre.data(), none.data(), expected.data());
  DeviceArray<BFloat16> const on_pre(pre);
  DeviceArray<BFloat16> out(pre.size());
  DeviceArray<float> const bias(none);
  kernels::cuda::gelu_forward<BFloat16>(n, 1, on_pre.get(), bias.get(), out.get(), nullptr);
  auto const found = out.values();
  for (std::size_t i = 0; i < pre.size(); ++i) {
    INFO("gelu(" << pre[i] << ")");
    CHECK(std::abs(found[i] - expected[i]) <= 1e-6 + 0.004 * std::abs(expected[i]));
  }
}
