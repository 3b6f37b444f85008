#include "kernels/selective_scan.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <type_traits>

#include "kernels/cuda/selective_scan_case.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::BFloat16;
using kernels::ScanShape;

namespace {

double relative_l2(std::vector<float> const& found, std::vector<double> const& expected) {
  REQUIRE(found.size() == expected.size());
  double difference = 0, scale = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    scale += expected[i] * expected[i];
  }
  return std::sqrt(scale > 0 ? difference / scale : difference);
}

/// fp32 within 1e-5 of each array's maximum, bf16 within 5e-3 in the L2 norm.
template <class T>
void check_case(ScanCase<double> const& drawn, std::size_t shift = 0) {
  auto const c = as_stored<T>(drawn);
  auto const& s = c.shape;
  INFO("batch " << s.batch << " time " << s.time << " channels " << s.channels << " states " << s.states << " gap "
                << c.gap);
  auto const expected = run_reference(c);
  auto found = run_on_gpu<T>(c, shift);
  auto const again = run_on_gpu<T>(c, shift);
  auto const f = found.named(), a = again.named();
  CHECK(same_bits(found.recomputed, again.recomputed));
  auto const out = converted<double>(std::vector<float>(expected.out.begin(), expected.out.end()));
  if constexpr (std::is_same_v<T, float>) CHECK(relative_error(found.recomputed, out) < 1e-5);
  else CHECK(relative_l2(found.recomputed, out) < 5e-3);
  for (auto const& [name, values] : expected.named()) {
    auto const same = [&](auto const& entry) { return entry.first == name; };
    auto const at = std::find_if(f.begin(), f.end(), same);
    if (at == f.end()) continue;  // checkpoints: their layout is the GPU's own
    INFO(name);
    CHECK(same_bits(*at->second, *std::find_if(a.begin(), a.end(), same)->second));
    auto const width = name == "dz" ? s.channels : s.states;
    bool const gaps = name == "dz" || name == "dB" || name == "dC";
    auto const p = gaps ? packed(*at->second, width, width + c.gap) : *at->second;
    std::vector<float> const rounded(values->begin(), values->end());
    auto const e = converted<double>(gaps ? packed(rounded, width, width + c.gap) : rounded);
    if constexpr (std::is_same_v<T, float>) CHECK(relative_error(p, e) < 1e-5);
    else CHECK(relative_l2(p, e) < 5e-3);
    if (gaps)
      for (std::size_t i = 0; i < at->second->size(); ++i)
        if (static_cast<std::int64_t>(i) % (width + c.gap) >= width) REQUIRE(std::isnan((*at->second)[i]));
  }
}

/// Values like a network's: A = -(1 .. states), delta around 0.001 .. 0.1.
ScanCase<double> model_like(ScanShape shape, std::int64_t gap) {
  auto c = random_scan<double>(shape, gap);
  for (std::size_t i = 0; i < c.A.size(); ++i)
    c.A[i] = -static_cast<double>(1 + static_cast<std::int64_t>(i) % shape.states);
  for (auto& v : c.delta) v *= 0.3;
  for (auto& v : c.delta_bias) v = -4.5 + v;
  return c;
}

}  // namespace

TEMPLATE_TEST_CASE("The GPU scan agrees with the reference", "[gpu][selective_scan]", float, BFloat16) {
  require_gpu();
  SECTION("around chunk boundaries") {
    for (std::int64_t time : {1, 2, 7, 8, 15, 16, 17, 33, 64, 129})
      check_case<TestType>(random_scan<double>({2, time, 64, 16}, 0));
  }
  SECTION("numbers of states, with and without channel counts that the fast kernels take") {
    for (std::int64_t states : {4, 8, 16, 32, 64, 128})
      for (std::int64_t channels : {1, 32, 64, 70, 192})
        check_case<TestType>(random_scan<double>({2, 37, channels, states}, 0));
  }
  SECTION("gaps between rows, aligned and unaligned") {
    for (std::int64_t states : {4, 8, 16, 32, 64})
      for (std::int64_t gap : {8, 4, 3}) check_case<TestType>(random_scan<double>({3, 50, 128, states}, gap));
    check_case<TestType>(random_scan<double>({2, 40, 64, 32}, 0), 1);
  }
  SECTION("numbers of sequences") {
    for (std::int64_t batch : {1, 16, 131}) check_case<TestType>(random_scan<double>({batch, 35, 128, 32}, 8));
    for (std::int64_t states : {16, 32, 64})
      check_case<TestType>(random_scan<double>({210, 17, 128, states}, 8));  // fills 132 multiprocessors
  }
  SECTION("a thousand steps with values like a network's") {
    for (std::int64_t states : {16, 32, 64, 128}) check_case<TestType>(model_like({2, 1024, 64, states}, 0));
    check_case<TestType>(model_like({1, 1000, 256, 32}, 8));
  }
  SECTION("few long sequences, which are split into segments") {
    for (std::int64_t states : {4, 8, 16, 32, 64, 128}) check_case<TestType>(model_like({1, 777, 64, states}, 0));
    check_case<TestType>(model_like({3, 256, 128, 32}, 8));  // four segments of 64 steps
    check_case<TestType>(model_like({2, 1023, 70, 16}, 3));  // no segments: unaligned
    check_case<TestType>(random_scan<double>({1, 2000, 64, 32}, 0));
  }
  SECTION("saturated gates") {
    auto c = random_scan<double>({1, 70, 64, 32}, 0);
    double const ends[] = {-200, -90, -30, 0, 19.9375, 20.125, 80, 300};
    for (std::size_t i = 0; i < c.delta.size(); ++i) c.delta[i] = ends[i % 8];
    for (std::size_t i = 0; i < c.z.size(); ++i) c.z[i] = ends[(i / 3) % 8] / 2;
    check_case<TestType>(c);
  }
}

TEST_CASE("The GPU scan is identical in every launch, with or without its optional output", "[gpu][selective_scan]") {
  require_gpu();
  auto const c = as_stored<BFloat16>(random_scan<double>({3, 45, 64, 32}, 0));
  auto const full = run_on_gpu<BFloat16>(c);
  DeviceArray<BFloat16> const x(c.x), delta(c.delta), z(c.z), B(c.B), C(c.C);
  DeviceArray<float> const A(c.A), D(c.D), bias(c.delta_bias);
  DeviceArray<BFloat16> out(c.x.size());
  kernels::cuda::selective_scan_forward<BFloat16>(
      c.shape, {x.get(), delta.get(), z.get(), B.get(), C.get(), 64, 64, 64, 32, 32, A.get(), D.get(), bias.get()},
      out.get(), nullptr, nullptr, nullptr);
  CHECK(same_bits(out.values(), full.out));
}

TEST_CASE("The GPU scan of one long sequence is the same, split into segments or not", "[gpu][selective_scan]") {
  require_gpu();
  auto const c = as_stored<float>(model_like({1, 4096, 64, 16}, 0));
  auto const split = run_on_gpu<float>(c);
  DeviceArray<float> const x(c.x), delta(c.delta), z(c.z), B(c.B), C(c.C), A(c.A), D(c.D), bias(c.delta_bias);
  DeviceArray<float> out(c.x.size());
  kernels::cuda::selective_scan_forward<float>(
      c.shape, {x.get(), delta.get(), z.get(), B.get(), C.get(), 64, 64, 64, 16, 16, A.get(), D.get(), bias.get()},
      out.get(), nullptr, nullptr, nullptr);
  CHECK(relative_error(split.out, converted<double>(out.values())) < 1e-6);
  CHECK(kernels::cuda::scan_forward_workspace_bytes<float>(c.shape) > 0);
}

TEST_CASE("The GPU backward multiplies delta's factors as a product before it would", "[gpu][selective_scan]") {
  require_gpu();
  constexpr std::int64_t rank = 8;
  for (std::int64_t const states : {4, 8, 16, 32, 64, 128})
    for (std::int64_t const time : {1, 45, 64}) {
      INFO("states " << states << " time " << time);
      auto c = as_stored<BFloat16>(random_scan<double>({2, time, 64, states}, 0));
      auto const random = as_stored<BFloat16>(random_scan<double>({2, time + 64, rank, 4}, 0));
      std::vector<double> const dt(random.x.begin(), random.x.begin() + 2 * time * rank),
          weight(random.dout.begin(), random.dout.begin() + 64 * rank);
      for (std::int64_t row = 0; row < 2 * time; ++row)
        for (std::int64_t d = 0; d < 64; ++d) {
          double sum = 0;
          for (std::int64_t r = 0; r < rank; ++r)
            sum += dt[static_cast<std::size_t>(row * rank + r)] * weight[static_cast<std::size_t>(d * rank + r)];
          c.delta[static_cast<std::size_t>(row * 64 + d)] = sum;
        }
      c = as_stored<BFloat16>(c);
      auto const given = run_on_gpu<BFloat16>(c);
      auto const multiplied = run_on_gpu<BFloat16>(c, 0, {dt, weight});
      // One sum in a few thousand rounds to the other neighbor.
      CHECK(relative_l2(multiplied.ddelta, converted<double>(given.ddelta)) < 2e-4);
      CHECK(relative_l2(multiplied.dx, converted<double>(given.dx)) < 2e-4);
      CHECK(relative_l2(multiplied.dA, converted<double>(given.dA)) < 2e-4);
      CHECK(relative_l2(multiplied.recomputed, converted<double>(given.recomputed)) < 2e-4);
    }
}

TEST_CASE("A NaN propagates on the GPU as on the CPU", "[gpu][selective_scan]") {
  require_gpu();
  auto clean = random_scan<double>({2, 70, 64, 32}, 0);
  std::size_t const step = 3, channel = 7, at = step * 64 + channel;
  for (auto input : {&ScanCase<double>::x, &ScanCase<double>::delta}) {
    auto c = clean;
    (c.*input)[at] = std::nan("");
    auto const r = run_on_gpu<BFloat16>(as_stored<BFloat16>(c));
    CHECK(std::isnan(r.out[at]));
    CHECK(std::isnan(r.out[at + 64]));
    CHECK(!std::isnan(r.out[at - 64]));
    CHECK(!std::isnan(r.out[at + 1]));
    CHECK(!std::isnan(r.out.back()));
    CHECK(std::isnan(r.dA[channel * 32]));
    CHECK(std::isnan(r.dC[step * 32]));
  }
  for (auto input : {&ScanCase<double>::z, &ScanCase<double>::dout}) {
    auto c = clean;
    (c.*input)[at] = std::nan("");
    CHECK(std::isnan(run_on_gpu<BFloat16>(as_stored<BFloat16>(c)).dx[at]));
  }
}

TEST_CASE("Empty scans work on the GPU; impossible ones are refused", "[gpu][selective_scan]") {
  require_gpu();
  auto const r = run_on_gpu<float>(random_scan<double>({2, 0, 3, 4}, 0));
  CHECK(largest(r.last_state) == 0);
  CHECK(largest(r.dA) == 0);
  CHECK(largest(r.dD) == 0);
  auto const none = run_on_gpu<float>(random_scan<double>({0, 5, 3, 4}, 0));
  CHECK(largest(none.ddelta_bias) == 0);
  CHECK_THROWS_WITH(kernels::cuda::scan_workspace_bytes<float>({1, 1, 1, 5}),
                    Catch::Matchers::ContainsSubstring("5 states on the GPU"));
}
