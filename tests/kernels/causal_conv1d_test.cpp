#include "kernels/causal_conv1d.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::ConvShape;

namespace {

template <class T>
struct ConvCase {
  ConvShape shape;
  std::int64_t gap;
  std::vector<T> x, weight, bias, dout;
  std::int64_t stride() const { return shape.channels + gap; }
};

template <class T>
struct ConvResults {
  std::vector<T> out, dx, dweight, dbias;
};

ConvCase<double> random_conv(ConvShape shape, std::int64_t gap) {
  Uniform uniform(3);
  auto const steps = shape.batch * shape.time;
  return {shape,
          gap,
          uniform.operator()<double>(steps * (shape.channels + gap), -2, 2),
          uniform.operator()<double>(shape.channels * shape.d_conv, -1, 1),
          uniform.operator()<double>(shape.channels, -1, 1),
          uniform.operator()<double>(steps * shape.channels, -1, 1)};
}

template <class To, class From>
ConvCase<To> converted(ConvCase<From> const& c) {
  auto const to = [](std::vector<From> const& v) { return std::vector<To>(v.begin(), v.end()); };
  return {c.shape, c.gap, to(c.x), to(c.weight), to(c.bias), to(c.dout)};
}

template <class T>
ConvResults<T> run(ConvCase<T> const& c, bool reference) {
  ConvResults<T> r{std::vector<T>(c.dout.size(), 777), std::vector<T>(c.x.size(), 777),
                   std::vector<T>(c.weight.size(), 777), std::vector<T>(c.bias.size(), 777)};
  auto const forward = reference ? kernels::reference::causal_conv1d_forward<T> : kernels::causal_conv1d_forward<T>;
  auto const backward = reference ? kernels::reference::causal_conv1d_backward<T> : kernels::causal_conv1d_backward<T>;
  forward(c.shape, c.x.data(), c.stride(), c.weight.data(), c.bias.data(), r.out.data());
  backward(c.shape, c.x.data(), c.stride(), c.weight.data(), c.bias.data(), c.dout.data(), r.dx.data(), c.stride(),
           r.dweight.data(), r.dbias.data());
  return r;
}

template <class T, class U>
void check_close(ConvResults<T> const& found, ConvResults<U> const& expected, double tolerance) {
  CHECK(relative_error(found.out, expected.out) < tolerance);
  CHECK(relative_error(found.dx, expected.dx) < tolerance);
  CHECK(relative_error(found.dweight, expected.dweight) < tolerance);
  CHECK(relative_error(found.dbias, expected.dbias) < tolerance);
}

}  // namespace

TEST_CASE("The convolution matches values computed by hand", "[causal_conv1d]") {
  ConvCase<double> const c{{1, 3, 1, 2}, 0, {1, 2, 4}, {10, 100}, {-250}, {1, 1, 1}};
  auto const silu = [](double v) { return v / (1 + std::exp(-v)); };
  auto const check = [&](ConvResults<double> const& r) {
    CHECK_THAT(r.out[0], Catch::Matchers::WithinRel(silu(-150), 1e-13));
    CHECK_THAT(r.out[1], Catch::Matchers::WithinRel(silu(-40), 1e-13));
    CHECK_THAT(r.out[2], Catch::Matchers::WithinRel(silu(170), 1e-13));
    CHECK_THAT(r.dx[2], Catch::Matchers::WithinRel(100., 1e-13));  // the slope of silu at 170 is 1
  };
  check(run(c, true));
  with_each_instruction_set([&] { check(run(c, false)); });
}

TEST_CASE("The reference convolution's gradients match finite differences", "[causal_conv1d]") {
  auto c = random_conv({2, 6, 3, 4}, 2);
  auto const r = run(c, true);
  auto const loss = [&] {
    auto const out = run(c, true).out;
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * c.dout[i];
    return sum;
  };
  auto const check = [&](std::vector<double>& input, std::vector<double> const& gradient) {
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (gradient[i] == 777) continue;  // between the rows
      double const before = input[i], step = 1e-5;
      input[i] = before + step;
      double const above = loss();
      input[i] = before - step;
      double const below = loss();
      input[i] = before;
      CHECK(std::abs((above - below) / (2 * step) - gradient[i]) < 1e-8);
    }
  };
  check(c.x, r.dx);
  check(c.weight, r.dweight);
  check(c.bias, r.dbias);
}

TEST_CASE("The CPU convolution agrees with the reference", "[causal_conv1d]") {
  auto const check = [](ConvShape shape, std::int64_t gap) {
    INFO("batch " << shape.batch << " time " << shape.time << " channels " << shape.channels << " taps "
                  << shape.d_conv);
    auto const in_double = random_conv(shape, gap);
    auto const in_float = converted<float>(in_double);
    auto const expected = run(in_double, true), expected_rounded = run(converted<double>(in_float), true);
    with_each_instruction_set([&] {
      check_close(run(in_double, false), expected, 1e-14);
      check_close(run(in_float, false), expected_rounded, 2e-6);
    });
  };
  for (std::int64_t d_conv : {1, 2, 3, 4, 8}) check({2, 9, 20, d_conv}, 5);
  for (std::int64_t time : {1, 2, 3, 64, 130}) check({2, time, 17, 4}, 0);  // also shorter than the window
  for (std::int64_t channels : {1, 7, 16, 63, 64, 65, 200}) check({3, 10, channels, 4}, channels);
}

TEST_CASE("The CPU convolution is bit-identical for any number of threads", "[causal_conv1d]") {
  auto const c = converted<float>(random_conv({5, 33, 150, 4}, 7));
  with_each_instruction_set([&] {
    kernels::set_threads(1);
    auto const one = run(c, false);
    for (int threads : {2, 3}) {
      kernels::set_threads(threads);
      auto const more = run(c, false);
      CHECK(same_bits(one.out, more.out));
      CHECK(same_bits(one.dx, more.dx));
      CHECK(same_bits(one.dweight, more.dweight));
      CHECK(same_bits(one.dbias, more.dbias));
    }
    kernels::set_threads(0);
  });
}

TEST_CASE("The CPU convolution writes nothing between the rows and propagates NaN", "[causal_conv1d]") {
  auto c = converted<float>(random_conv({1, 10, 20, 4}, 3));
  c.x[static_cast<std::size_t>(2 * c.stride() + 5)] = std::nanf("77");
  with_each_instruction_set([&] {
    auto const r = run(c, false);
    for (std::int64_t t = 0; t < 10; ++t)
      for (std::int64_t i = 20; i < 23; ++i) REQUIRE(r.dx[static_cast<std::size_t>(t * c.stride() + i)] == 777);
    for (std::size_t t = 0; t < 10; ++t) CHECK(std::isnan(r.out[t * 20 + 5]) == (t >= 2 && t < 6));
    CHECK(std::isnan(r.dweight[5 * 4]));
    CHECK(!std::isnan(r.dweight[6 * 4]));
  });
}

TEST_CASE("A convolution of an impossible shape is refused", "[causal_conv1d]") {
  CHECK_THROWS_WITH(kernels::causal_conv1d_forward<float>({1, 1, 1, 9}, nullptr, 1, nullptr, nullptr, nullptr),
                    Catch::Matchers::ContainsSubstring("taps 9 is impossible"));
}
