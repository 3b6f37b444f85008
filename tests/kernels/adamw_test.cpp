#include "kernels/adamw.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

namespace {

struct Parameters {
  std::vector<float> value, first, second;
  explicit Parameters(std::vector<float> values)
      : value(std::move(values)), first(value.size()), second(value.size()) {}
  void step(kernels::AdamW const& settings, std::int64_t t, std::vector<float> const& gradient, float scale,
            bool reference = false) {
    auto const run = reference ? kernels::reference::adamw_step : kernels::adamw_step;
    run(settings, t, static_cast<std::int64_t>(value.size()), gradient.data(), scale, value.data(), first.data(),
        second.data());
  }
};

}  // namespace

TEST_CASE("AdamW's first step matches a value computed by hand", "[adamw]") {
  // From zero moments the first step is lr * sign(g), up to eps, after the decay by lr * weight_decay.
  Parameters p({2.0f});
  p.step({.lr = 0.1, .weight_decay = 0.5}, 1, {-3.0f}, 1);
  CHECK_THAT(p.value[0], Catch::Matchers::WithinRel(2.0f * 0.95f + 0.1f, 1e-6f));
  CHECK_THAT(p.first[0], Catch::Matchers::WithinRel(-0.3f, 1e-6f));
  CHECK_THAT(p.second[0], Catch::Matchers::WithinRel(0.009f, 1e-6f));
}

TEST_CASE("The CPU AdamW equals the reference bit for bit and stays close to double precision", "[adamw]") {
  for (std::int64_t size : {1, 3, 17, 1000, 100003}) {
    Uniform uniform(5);
    Parameters fast(uniform.operator()<float>(size, -1, 1)), plain = fast;
    std::vector<double> p(fast.value.begin(), fast.value.end()), m(p.size()), v(p.size());
    kernels::AdamW const settings{.lr = 3e-3};
    for (int t = 1; t <= 5; ++t) {
      auto const gradient = uniform.operator()<float>(size, -1, 1);
      kernels::set_threads(1 + t % 3);
      fast.step(settings, t, gradient, 0.37f);
      plain.step(settings, t, gradient, 0.37f, true);
      for (std::size_t i = 0; i < p.size(); ++i) {
        double const g = static_cast<double>(gradient[i]) * 0.37;
        p[i] *= 1 - settings.lr * settings.weight_decay;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        p[i] -= settings.lr * (m[i] / (1 - std::pow(0.9, t))) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
      }
    }
    kernels::set_threads(0);
    CHECK(same_bits(fast.value, plain.value));
    CHECK(same_bits(fast.first, plain.first));
    CHECK(same_bits(fast.second, plain.second));
    CHECK(relative_error(fast.value, p) < 1e-6);
  }
}

TEST_CASE("A learning rate of zero leaves the parameters bit for bit unchanged", "[adamw]") {
  // -0 + 0 would become 0, and an infinite moment times 0 NaN.
  std::vector<float> const before{-0.0f, 0.0f, 1.0f, -3e-39f, 7.0f};
  std::vector<float> const gradient{-1.0f, 1.0f, 2.0f, 0.5f, std::numeric_limits<float>::infinity()};
  for (bool reference : {false, true}) {
    Parameters p(before);
    p.step({.lr = 0}, 1, gradient, 1, reference);
    CHECK(same_bits(p.value, before));
    CHECK(p.first[2] != 0);
    CHECK(p.second[2] != 0);
  }
}
