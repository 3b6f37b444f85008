#include "kernels/selective_scan.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "kernels/scan_case.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::ScanShape;

namespace {

template <class T, class Expected>
void check_close(ScanResults<T> const& found, ScanResults<Expected> const& expected, double tolerance) {
  auto const f = found.named();
  auto const e = expected.named();
  for (std::size_t i = 0; i < f.size(); ++i) {
    INFO(f[i].first);
    CHECK(relative_error(*f[i].second, *e[i].second) < tolerance);
  }
}

void check_shape(ScanShape shape, std::int64_t gap) {
  INFO("batch " << shape.batch << " time " << shape.time << " channels " << shape.channels << " states " << shape.states
                << " gap " << gap);
  auto const in_double = random_scan<double>(shape, gap);
  auto const in_float = converted<float>(in_double);
  auto const expected = run_reference(in_double);
  // The float case against double arithmetic on the same rounded inputs.
  auto const expected_rounded = run_reference(converted<double>(in_float));
  with_each_instruction_set([&] {
    check_close(run_scan(in_double), expected, 1e-13);
    check_close(run_scan(in_float), expected_rounded, 5e-6);
  });
}

}  // namespace

TEST_CASE("The scan matches values computed by hand", "[selective_scan]") {
  // One channel, one state, A = -ln 2, delta = ln(1 + e^0) = ln 2: the state is multiplied by 2^(-ln 2) each step.
  double const ln2 = std::log(2.0), a = std::exp(-ln2 * ln2);
  ScanCase<double> c{{1, 2, 1, 1}, 0, {3, 5}, {-1, -1}, {0.5, -2}, {7, 11}, {13, 17}, {-ln2}, {19}, {1}, {1, 1}};
  auto const check = [&](ScanResults<double> const& r) {
    double const h0 = ln2 * 7 * 3, h1 = a * h0 + ln2 * 11 * 5;
    auto const silu = [](double v) { return v / (1 + std::exp(-v)); };
    CHECK_THAT(r.out[0], Catch::Matchers::WithinRel((13 * h0 + 19 * 3) * silu(0.5), 1e-14));
    CHECK_THAT(r.out[1], Catch::Matchers::WithinRel((17 * h1 + 19 * 5) * silu(-2), 1e-14));
    CHECK_THAT(r.last_state[0], Catch::Matchers::WithinRel(h1, 1e-14));
    CHECK(r.checkpoints[0] == 0);
    CHECK_THAT(r.dC[1], Catch::Matchers::WithinRel(silu(-2) * h1, 1e-14));
    CHECK_THAT(r.dB[1], Catch::Matchers::WithinRel(silu(-2) * 17 * ln2 * 5, 1e-14));
    CHECK_THAT(r.dA[0], Catch::Matchers::WithinRel(silu(-2) * 17 * ln2 * a * h0, 1e-14));
  };
  check(run_reference(c));
  with_each_instruction_set([&] { check(run_scan(c)); });
}

TEST_CASE("The reference scan's gradients match finite differences", "[selective_scan]") {
  auto c = random_scan<double>({2, 7, 3, 4}, 1);
  for (std::size_t i = 0; i < c.delta.size(); i += 5) c.delta[i] += 23;  // some in the linear range of softplus
  auto const r = run_reference(c);
  auto const loss = [&] {
    auto const out = run_reference(c).out;
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * c.dout[i];
    return sum;
  };
  // dx and ddelta are contiguous; the arrays they are gradients of have a gap after each row.
  auto const check = [&](char const* name, std::vector<double>& input, std::vector<double> const& gradient,
                         std::int64_t width, std::int64_t stride, std::int64_t gradient_stride) {
    double const scale = largest(gradient) == 777 ? 1 : largest(gradient);
    for (std::int64_t row = 0; row * stride < static_cast<std::int64_t>(input.size()); ++row)
      for (std::int64_t i = 0; i < width; ++i) {
        auto& value = input[static_cast<std::size_t>(row * stride + i)];
        double const before = value, step = 1e-5;
        value = before + step;
        double const above = loss();
        value = before - step;
        double const below = loss();
        value = before;
        INFO(name << " row " << row << " column " << i);
        CHECK(std::abs((above - below) / (2 * step) - gradient[static_cast<std::size_t>(row * gradient_stride + i)]) <
              1e-8 * std::max(scale, 1.0));
      }
  };
  auto const d = c.shape.channels, n = c.shape.states;
  check("x", c.x, r.dx, d, c.row(), d);
  check("delta", c.delta, r.ddelta, d, c.row(), d);
  check("z", c.z, r.dz, d, c.row(), c.row());
  check("B", c.B, r.dB, n, c.state_row(), c.state_row());
  check("C", c.C, r.dC, n, c.state_row(), c.state_row());
  check("A", c.A, r.dA, n, n, n);
  check("D", c.D, r.dD, d, d, d);
  check("delta_bias", c.delta_bias, r.ddelta_bias, d, d, d);
}

TEST_CASE("The CPU scan agrees with the reference", "[selective_scan]") {
  SECTION("around chunk boundaries") {
    for (std::int64_t time : {1, 2, 63, 64, 65, 129}) check_shape({2, time, 5, 6}, 3);
  }
  SECTION("around the widths of vectors and groups of channels") {
    for (std::int64_t channels : {1, 3, 4, 15, 16, 17, 33, 63, 64, 65, 130}) check_shape({1, 70, channels, 4}, 0);
  }
  SECTION("numbers of states") {
    for (std::int64_t states : {1, 4, 5, 16, 32, 64, 128, 256}) check_shape({1, 67, 19, states}, 1);
  }
  SECTION("batches and gaps between rows") {
    check_shape({3, 65, 70, 16}, 0);
    check_shape({3, 65, 70, 16}, 29);
  }
  SECTION("a thousand steps") { check_shape({1, 1024, 4, 32}, 0); }
}

TEST_CASE("The CPU scan agrees with the reference whatever is left out", "[selective_scan]") {
  auto const complete = random_scan<double>({2, 70, 67, 5}, 1);
  for (int left_out = 1; left_out < 16; ++left_out) {
    INFO("left out: " << left_out);
    auto in = complete.inputs();
    if (left_out & 1) in.z = nullptr;
    if (left_out & 2) in.D = nullptr;
    if (left_out & 4) in.delta_bias = nullptr;
    in.softplus = (left_out & 8) == 0;
    if (!in.softplus) in.delta_bias = nullptr, in.delta = complete.z.data();  // of both signs, as a delta may be
    auto const run = [&](auto const& forward, auto const& backward) {
      ScanResults<double> r(complete);  // what is not written keeps the marker in both
      forward(complete.shape, in, r.outputs());
      backward(complete.shape, in, r.checkpoints.data(), r.gradients(complete));
      return r;
    };
    auto const expected =
        run(kernels::reference::selective_scan_forward<double>, kernels::reference::selective_scan_backward<double>);
    CHECK((expected.dz[0] == ScanResults<double>::marker) == (in.z == nullptr));
    CHECK((expected.dD[0] == ScanResults<double>::marker) == (in.D == nullptr));
    with_each_instruction_set([&] {
      check_close(run(kernels::selective_scan_forward<double>, kernels::selective_scan_backward<double>), expected,
                  1e-12);
    });
  }
}

TEST_CASE("The CPU scan writes nothing between the rows", "[selective_scan]") {
  auto const c = random_scan<float>({2, 66, 21, 5}, 4);
  with_each_instruction_set([&] {
    auto const r = run_scan(c);
    for (std::int64_t step = 0; step < c.steps(); ++step)
      for (std::int64_t i = 0; i < c.gap; ++i) {
        REQUIRE(r.dz[static_cast<std::size_t>(step * c.row() + c.shape.channels + i)] == r.marker);
        REQUIRE(r.dB[static_cast<std::size_t>(step * c.state_row() + c.shape.states + i)] == r.marker);
        REQUIRE(r.dC[static_cast<std::size_t>(step * c.state_row() + c.shape.states + i)] == r.marker);
      }
  });
}

TEST_CASE("The CPU scan is bit-identical for any number of threads", "[selective_scan]") {
  auto const batch = GENERATE(1, 2, 5);
  auto const c = random_scan<float>({batch, 130, 200, 8}, 2);
  with_each_instruction_set([&] {
    kernels::set_threads(1);
    auto const one = run_scan(c);
    for (int threads : {2, 3, 7}) {
      kernels::set_threads(threads);
      auto const more = run_scan(c);
      for (std::size_t i = 0; i < one.named().size(); ++i) {
        INFO(one.named()[i].first << " with " << threads << " threads");
        CHECK(same_bits(*one.named()[i].second, *more.named()[i].second));
      }
    }
    kernels::set_threads(0);
  });
}

TEST_CASE("The CPU scan does not need the optional outputs", "[selective_scan]") {
  auto const c = random_scan<float>({2, 100, 20, 8}, 0);
  auto const full = run_scan(c);
  std::vector<float> out(full.out.size());
  kernels::selective_scan_forward<float>(c.shape, c.inputs(), {out.data(), nullptr, nullptr});
  CHECK(same_bits(out, full.out));
}

TEST_CASE("The CPU scan propagates NaN", "[selective_scan]") {
  // With a payload: adding to the exponent of such a NaN would turn it into a number.
  auto const nan = std::nanf("12345");
  ScanShape const shape{2, 70, 20, 4};
  auto const clean = random_scan<float>(shape, 0);
  auto const poisoned = [&](std::vector<float> ScanCase<float>::* input, std::size_t at) {
    auto c = clean;
    (c.*input)[at] = nan;
    return run_scan(c);
  };
  auto const d = static_cast<std::size_t>(shape.channels);
  std::size_t const step = 3, channel = 7, at = step * d + channel;
  with_each_instruction_set([&] {
    for (auto input : {&ScanCase<float>::x, &ScanCase<float>::delta}) {
      auto const r = poisoned(input, at);
      CHECK(std::isnan(r.out[at]));
      CHECK(std::isnan(r.out[at + d]));   // through the state
      CHECK(!std::isnan(r.out[at - d]));  // not backward in time,
      CHECK(!std::isnan(r.out[at + 1]));  // not into other channels,
      CHECK(!std::isnan(r.out.back()));   // not into other rows of the batch
      CHECK(std::isnan(r.last_state[channel * 4]));
      CHECK(std::isnan(r.dA[channel * 4]));
      CHECK(std::isnan(r.dC[step * 4]));
    }
    auto const by_A = poisoned(&ScanCase<float>::A, channel * 4 + 1);
    CHECK(std::isnan(by_A.out[channel]));
    CHECK(std::isnan(by_A.dx[channel]));
    CHECK(std::isnan(poisoned(&ScanCase<float>::z, at).out[at]));
    CHECK(std::isnan(poisoned(&ScanCase<float>::B, step * 4).out[at]));
    CHECK(std::isnan(poisoned(&ScanCase<float>::C, step * 4).out[at]));
    CHECK(std::isnan(poisoned(&ScanCase<float>::dout, at).dx[at]));
    CHECK(std::isnan(poisoned(&ScanCase<float>::delta_bias, channel).ddelta_bias[channel]));
    CHECK(std::isnan(poisoned(&ScanCase<float>::D, channel).out[channel]));
  });
}

TEST_CASE("The CPU scan handles extreme gates", "[selective_scan]") {
  // Saturated softplus and silu, decays down to zero: the results are finite and match the reference.
  auto c = random_scan<float>({1, 70, 33, 8}, 0);
  float const ends[] = {-200, -90, -30, 0, 19.999f, 20.001f, 80, 300};
  for (std::size_t i = 0; i < c.delta.size(); ++i) c.delta[i] = ends[i % 8];
  for (std::size_t i = 0; i < c.z.size(); ++i) c.z[i] = ends[(i / 3) % 8] / 2;
  auto const expected = run_reference(converted<double>(c));
  with_each_instruction_set([&] { check_close(run_scan(c), expected, 5e-6); });
}

TEST_CASE("Empty scans work; impossible ones are refused", "[selective_scan]") {
  auto c = random_scan<float>({2, 0, 3, 4}, 0);
  with_each_instruction_set([&] {
    auto const r = run_scan(c);
    CHECK(largest(r.last_state) == 0);
    CHECK(largest(r.dA) == 0);
    CHECK(largest(r.dD) == 0);
  });
  c.shape.states = kernels::scan_max_states + 1;
  CHECK_THROWS_WITH(kernels::selective_scan_forward<float>(c.shape, c.inputs(), {}),
                    Catch::Matchers::ContainsSubstring("states 257 is impossible"));
}
