#include "bench/generate_case.hpp"

#include "bench/timed_network.hpp"
#include "generate/generate.hpp"

namespace mambasynth::bench {

Result generate(Sizes const& s, Effort const& effort) {
  constexpr std::int64_t seed_steps = 64, steps = 2048;
  auto const network = network_of(s);
  auto const generator = generate::generator(network, s.device);
  std::vector<float> const seed(static_cast<std::size_t>(seed_steps * s.channels), 1.0f);
  std::vector<float> generated(static_cast<std::size_t>(steps * s.channels));
  Result result;
  result.name = "generate";
  result.shape = {{"seed", seed_steps},
                  {"steps", steps},
                  {"d_model", s.model.d_model},
                  {"n_layers", s.model.n_layers},
                  {"d_state", s.model.d_state}};
  result.items = static_cast<double>(steps);
  result.unit = "steps";
  measure(result, effort, [&] {
    generator->run({.sequences = 1,
                    .seed_steps = seed_steps,
                    .steps = steps,
                    .bf16_feedback = false,
                    .seed = seed.data(),
                    .noise = nullptr,
                    .burst = nullptr,
                    .bursts = 0,
                    .hidden_noise = nullptr,
                    .generated = generated.data()});
  });
  return result;
}

}  // namespace mambasynth::bench
