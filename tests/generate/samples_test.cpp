#include "generate/samples.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("samples start from the original's windows") {
  config::Generate config;
  CHECK(generate::sample_starts(100000, config) == std::vector<std::int64_t>{64 * 1017, 64 * 138, 64 * 1201});
  config.seed_offset = 400;
  CHECK(generate::sample_starts(100000, config) == std::vector<std::int64_t>{25600});
  config.seed_offset = 1554;
  CHECK_THROWS_AS(generate::sample_starts(100000, config), errors::Error);
  config.seed_offset.reset();
  config.n_samples = 50;
  CHECK(generate::sample_starts(576 + 2 * 64, config).size() == 3);
  CHECK_THROWS_WITH(generate::sample_starts(575, config),
                    ContainsSubstring("--seed-len 64 and --gen-len 512 take 576"));
}

TEST_CASE("noise depends only on seed and sample, and bursts start at multiples of the interval") {
  config::Generate config;
  config.gen_len = 12;
  generate::NoiseShape const shape{2, 3, 2, 4};
  auto const none = generate::draw_noise(shape, config);
  CHECK((none.output.empty() && none.burst.empty() && none.hidden.empty()));

  config.temperature = 0.5;
  auto const warm = generate::draw_noise(shape, config);
  REQUIRE(warm.output.size() == 2 * 12 * 3);
  random::NumpyGenerator of_sample_1((std::uint64_t{2} << 32) | 42);
  CHECK(warm.output[36] == static_cast<float>(0.5 * of_sample_1.normal()));

  config.temperature = 0;
  config.perturb_interval = 5;
  config.perturb_duration = 2;
  auto const bursts = generate::draw_noise(shape, config);
  for (std::size_t step = 0; step < 12; ++step) {
    bool const on = step == 5 || step == 6 || step == 10 || step == 11;
    CHECK((bursts.output[step * 3] != 0) == on);
  }

  config.perturb_hidden = true;
  config.perturb_layers = 1;
  auto const inside = generate::draw_noise(shape, config);
  CHECK(inside.output.empty());
  CHECK(inside.burst == std::vector<std::int32_t>{-1, -1, -1, -1, -1, 0, 1, -1, -1, -1, 2, 3});
  REQUIRE(inside.hidden.size() == 2 * 4 * 2 * 4);
  CHECK(inside.hidden[3] != 0);
  CHECK(inside.hidden[4] == 0);  // the second layer
  CHECK(inside.hidden[8] != 0);
}

TEST_CASE("without its bursts, a sample keeps its temperature noise") {
  config::Generate config;
  config.gen_len = 12;
  config.temperature = 0.5;
  config.perturb_interval = 5;
  config.perturb_duration = 2;
  generate::NoiseShape const shape{2, 3, 2, 4};
  CHECK(generate::perturbed_steps(config) == std::vector<char>{0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1});
  auto const outside = generate::draw_noise(shape, config),
             calm = generate::draw_noise(shape, config, generate::Bursts::left_out);
  for (std::size_t i = 0; i < outside.output.size(); ++i) {
    auto const step = i / 3 % 12;
    CHECK((outside.output[i] == calm.output[i]) == !(step == 5 || step == 6 || step >= 10));
  }
  config.perturb_hidden = true;
  CHECK(generate::perturbed_steps(config) == std::vector<char>{0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1});
  auto const inside = generate::draw_noise(shape, config),
             calm_inside = generate::draw_noise(shape, config, generate::Bursts::left_out);
  CHECK(inside.output == calm_inside.output);
  CHECK((calm_inside.burst.empty() && calm_inside.hidden.empty() && calm_inside.bursts == 0));
  CHECK(inside.bursts == 4);

  config.perturb_scale = 0;
  CHECK(generate::perturbed_steps(config).empty());
  config.temperature = 0;
  CHECK(generate::draw_noise(shape, config, generate::Bursts::left_out).output.empty());
}
