#include "generate/generate.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

#include "generate/generation_file.hpp"
#include "generate/samples.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

namespace {

constexpr std::int64_t channels = 3, n_steps = 200;

struct Setting {
  model::Network network = tests::small_network(channels, 1);
  std::vector<float> series;
  config::Generate config;
  Setting() {
    at::NoGradGuard const no_grad;
    auto flat = network.flat();
    flat += 0.1 * at::randn(flat.sizes(), at::detail::createCPUGenerator(7), flat.options());
    for (std::int64_t i = 0; i < n_steps * channels; ++i)
      series.push_back(std::sin(0.1f * static_cast<float>(i * i % 97)));
    config.seed_len = 8;
    config.gen_len = 20;
    config.n_samples = 2;
  }
  [[nodiscard]] generate::Generation run() const { return generate::generate(network, series, config, "cpu"); }
};

at::Tensor sample(std::vector<float> const& values, std::int64_t steps, std::int64_t i) {
  return at::tensor(values).view({-1, steps, channels})[i];
}

}  // namespace

TEST_CASE("generation equals feeding the network its predictions and running it over the whole sequence at each step") {
  Setting s;
  s.config.temperature = 0.3;
  s.config.perturb_interval = 6;
  auto const found = s.run();
  auto const noise = generate::draw_noise({2, channels, 2, 16}, s.config);
  at::NoGradGuard const no_grad;
  for (std::int64_t i = 0; i < 2; ++i) {
    auto sequence = sample(found.seed, s.config.seed_len, i);
    for (std::int64_t step = 0; step < s.config.gen_len; ++step) {
      auto const next =
          s.network.predict(sequence.unsqueeze(0))[0][0][-1] + sample(noise.output, s.config.gen_len, i)[step];
      sequence = at::cat({sequence, next.unsqueeze(0)});
    }
    auto const generated = sample(found.generated, s.config.gen_len, i);
    CHECK((sequence.narrow(0, s.config.seed_len, s.config.gen_len) - generated).abs().max().item<float>() < 1e-4f);
    auto const truth = sample(found.truth, s.config.gen_len, i);
    auto const begin =
        s.series.begin() + (found.seed_start[static_cast<std::size_t>(i)] + s.config.seed_len) * channels;
    CHECK(std::equal(begin, begin + s.config.gen_len * channels, truth.contiguous().const_data_ptr<float>()));
    CHECK(std::abs((generated - truth).to(at::kDouble).square().mean().item<double>() -
                   found.mse[static_cast<std::size_t>(i)]) < 1e-6);
  }
}

TEST_CASE("noise inside the network reaches later steps only through the step that it produced") {
  Setting s;
  auto const calm = s.run();
  s.config.perturb_interval = 19;  // the prediction after step 19, which is never used
  s.config.perturb_hidden = true;
  CHECK(s.run().generated == calm.generated);
  s.config.perturb_interval = 18;  // the prediction after step 18: only step 19 differs
  auto const last = s.run();
  for (std::int64_t i = 0; i < 2; ++i) {
    auto const change = (sample(last.generated, 20, i) - sample(calm.generated, 20, i)).abs().amax(1);
    CHECK(change.narrow(0, 0, 19).max().item<float>() == 0);
    CHECK(change[19].item<float>() > 0);
  }
}

TEST_CASE("bf16 feedback feeds back and records bf16 values") {
  Setting s;
  s.config.temperature = 0.3;
  auto const exact = s.run();
  s.config.feedback = "bf16";
  auto const rounded = s.run();
  auto const values = at::tensor(rounded.generated);
  CHECK(values.equal(values.to(at::kBFloat16).to(at::kFloat)));
  CHECK((values - at::tensor(exact.generated)).abs().max().item<float>() < 0.1f);
  CHECK(rounded.generated != exact.generated);
}

TEST_CASE("generation.h5 holds the samples under named axes") {
  Setting s;
  s.config.seed_offset = 3;
  auto const generation = s.run();
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "generation.h5";
  generate::write_generation(file, generation, s.config, {"net.pt", "series", {}});
  store::Hdf5Reader const h5(file);
  CHECK(h5.shape("/generated") == std::vector<std::int64_t>{1, 20, 3});
  CHECK(h5.read<float>("/generated") == generation.generated);
  CHECK(h5.read<float>("/truth") == generation.truth);
  CHECK(h5.read<std::int64_t>("/seed_start") == std::vector<std::int64_t>{24});
  CHECK(h5.integer_attribute("/", "seed_offset") == 3);
  CHECK(h5.text_attribute("/", "feedback") == "fp32");
  CHECK(h5.text_attribute("/provenance", "checkpoint") == "net.pt");
}
