#include "kernels/causal_conv1d.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include "kernels/cuda/comparison.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;
using kernels::ConvShape;

namespace {

struct Strides {
  std::int64_t x, dx;
};

template <class T>
struct Case {
  ConvShape s;
  Strides stride;
  std::vector<double> x, weight, bias, dout;
  Case(ConvShape const& shape, Strides const& strides) : s(shape), stride(strides) {
    Uniform uniform(7);
    x = stored<T>(uniform, s.batch * s.time * stride.x, -2, 2);
    weight = stored<float>(uniform, s.channels * s.d_conv, -1, 1);
    bias = stored<float>(uniform, s.channels, -1, 1);
    dout = stored<T>(uniform, s.batch * s.time * s.channels, -1, 1);
  }
};

struct Results {
  std::vector<float> out, dx, dweight, dbias;
};

/// `shift`: x begins that many elements past an aligned address.
template <class T>
Results on_gpu(Case<T> const& c, std::size_t shift = 0) {
  auto const& s = c.s;
  std::vector<double> moved(shift);
  moved.insert(moved.end(), c.x.begin(), c.x.end());
  DeviceArray<T> const x(moved), dout(c.dout);
  DeviceArray<float> const weight(c.weight), bias(c.bias);
  DeviceArray<T> out(c.dout.size()), dx(count_of(s.batch * s.time * c.stride.dx));
  DeviceArray<float> dweight(c.weight.size()), dbias(c.bias.size());
  DeviceArray<std::byte> workspace(kernels::cuda::conv_workspace_bytes(s));
  kernels::cuda::causal_conv1d_forward<T>(s, x.get() + shift, c.stride.x, weight.get(), bias.get(), out.get(), nullptr);
  kernels::cuda::causal_conv1d_backward<T>(s, x.get() + shift, c.stride.x, weight.get(), bias.get(), dout.get(),
                                           dx.get(), c.stride.dx, dweight.get(), dbias.get(), workspace.get(), nullptr);
  return {out.values(), dx.values(), dweight.values(), dbias.values()};
}

template <class T>
void compare(ConvShape const& s, Strides const& stride, std::size_t shift = 0) {
  INFO("batch " << s.batch << ", time " << s.time << ", channels " << s.channels << ", taps " << s.d_conv);
  Case<T> const c(s, stride);
  auto const found = on_gpu(c, shift), again = on_gpu(c, shift);
  std::vector<double> out(c.dout.size()), dx(found.dx.size()), dweight(c.weight.size()), dbias(c.bias.size());
  kernels::reference::causal_conv1d_forward(s, c.x.data(), stride.x, c.weight.data(), c.bias.data(), out.data());
  kernels::reference::causal_conv1d_backward(s, c.x.data(), stride.x, c.weight.data(), c.bias.data(), c.dout.data(),
                                             dx.data(), stride.dx, dweight.data(), dbias.data());
  check_close<T>("out", found.out, out);
  check_close<T>("dweight", found.dweight, dweight);
  check_close<T>("dbias", found.dbias, dbias);
  auto inside = found.dx;
  bool gaps_untouched = true;
  for (std::size_t i = 0; i < inside.size(); ++i)
    if (static_cast<std::int64_t>(i) % stride.dx >= s.channels) {
      gaps_untouched = gaps_untouched && std::isnan(inside[i]);
      inside[i] = 0;
      dx[i] = 0;
    }
  CHECK(gaps_untouched);
  check_close<T>("dx", inside, dx);
  CHECK(same_bits(found.out, again.out));
  CHECK(same_bits(found.dx, again.dx));
  CHECK(same_bits(found.dweight, again.dweight));
  CHECK(same_bits(found.dbias, again.dbias));
}

}  // namespace

TEMPLATE_TEST_CASE("The GPU convolution matches the reference for every shape", "[gpu]", float, BFloat16) {
  require_gpu();
  // The documented model's rows; then fewer channels, chunk boundaries, other filters; then unaligned rows.
  compare<TestType>({2, 200, 256, 4}, {512, 512});
  compare<TestType>({17, 513, 256, 4}, {512, 256});
  compare<TestType>({3, 130, 64, 4}, {128, 64});
  for (std::int64_t time : {1, 2, 3, 4, 15, 16, 17, 64, 67}) compare<TestType>({2, time, 40, 4}, {40, 48});
  for (std::int64_t d_conv = 1; d_conv <= kernels::max_d_conv; ++d_conv)
    compare<TestType>({3, 37, 24, d_conv}, {24, 24});
  compare<TestType>({3, 70, 5, 4}, {7, 5});
  compare<TestType>({2, 70, 33, 3}, {40, 33});
  compare<TestType>({2, 50, 32, 4}, {36, 33});
  compare<TestType>({2, 50, 32, 4}, {32, 32}, 1);
}

TEST_CASE("An empty GPU convolution gives zero gradients; an impossible one is refused", "[gpu]") {
  require_gpu();
  DeviceArray<float> const values(std::vector<float>(16, 1.0F));
  DeviceArray<float> dx(16), dweight(8), dbias(2);
  DeviceArray<std::byte> workspace(kernels::cuda::conv_workspace_bytes({0, 5, 2, 4}));
  auto const run = [&](ConvShape const& s, std::int64_t stride) {
    kernels::cuda::causal_conv1d_backward<float>(s, values.get(), stride, values.get(), values.get(), values.get(),
                                                 dx.get(), stride, dweight.get(), dbias.get(), workspace.get(),
                                                 nullptr);
  };
  run({0, 5, 2, 4}, 2);
  CHECK(dweight.values() == std::vector<float>(8));
  CHECK(dbias.values() == std::vector<float>(2));
  CHECK(kernels::cuda::conv_workspace_bytes({1, 5, 0, 4}) == 0);
  CHECK_THROWS_AS(run({1, 1, 2, 9}, 2), std::invalid_argument);
  CHECK_THROWS_AS(run({1, 1, 2, 4}, 1), std::invalid_argument);
}
