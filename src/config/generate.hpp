#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "config/field.hpp"

namespace mambasynth::config {

/// Autoregressive generation that continues true steps. Defaults: the original's.
struct Generate {
  std::int64_t seed = 42;
  std::int64_t seed_len = 64;
  std::int64_t gen_len = 512;
  double temperature = 0;
  std::int64_t perturb_interval = 0;
  double perturb_scale = 2.0;
  bool perturb_hidden = false;
  std::int64_t perturb_layers = 0;
  std::int64_t perturb_duration = 1;
  std::int64_t n_samples = 3;
  std::optional<std::int64_t> seed_offset;
  std::string feedback = "fp32";
  bool oracle = true;
  bool compare = true;
  std::int64_t off_window = 8;
  double off_radius = 0.5;
  double off_level = 0.01;
  double shortest_visit = 0.25;
  double clock_window = 0.25;
  double clock_rate = 0.5;

  static constexpr std::string_view section = "generate";
  static constexpr std::string_view title = "generation";
  static auto fields() {
    return std::tuple{
        Field{"seed", &Generate::seed, seeds(), "seed of the choice of windows and of the noise", Effect::none}.own(),
        Field{"seed_len", &Generate::seed_len, between(1, most_count), "true steps from which generation starts",
              Effect::none}
            .own(),
        Field{"gen_len", &Generate::gen_len, between(1, most_count), "steps to generate", Effect::none}.own(),
        Field{"temperature", &Generate::temperature, between(0, most_factor),
              "standard deviation of the noise on each step fed back", Effect::none}
            .own(),
        Field{"perturb_interval", &Generate::perturb_interval, between(0, most_count),
              "steps between bursts of noise; 0 = none", Effect::none}
            .own(),
        Field{"perturb_scale", &Generate::perturb_scale, between(0, most_factor),
              "standard deviation of a burst's noise", Effect::none}
            .own(),
        Field{"perturb_hidden", &Generate::perturb_hidden, any(),
              "apply bursts inside the network, to the outputs of its layers", Effect::none},
        Field{"perturb_layers", &Generate::perturb_layers, between(0, most_count),
              "number of layers that get such a burst, from the first; 0 = all", Effect::none},
        Field{"perturb_duration", &Generate::perturb_duration, between(1, most_count), "steps per burst", Effect::none},
        Field{"n_samples", &Generate::n_samples, between(1, most_count),
              "windows to start from, drawn without replacement", Effect::none}
            .own(),
        Field{"seed_offset", &Generate::seed_offset, between(0, most_count),
              "generate one sample from this window (of seed_len steps) instead [default: drawn windows]",
              Effect::none},
        Field{"feedback", &Generate::feedback, one_of({"fp32", "bf16"}),
              "precision to which a step is rounded before it is fed back; bf16 as in the original on a GPU",
              Effect::none},
        Field{"oracle", &Generate::oracle, any(),
              "analyze generated series by the true process: circles visited, dwell, transitions, failures",
              Effect::none}
            .own(),
        Field{"compare", &Generate::compare, any(),
              "with bursts, also generate and analyze the same samples without them", Effect::none},
        Field{"off_window", &Generate::off_window, between(1, most_count),
              "steps over which the squared distance to the nearest circle is averaged", Effect::none},
        Field{"off_radius", &Generate::off_radius, between(0, most_factor),
              "distance beyond which a step is off the manifold, as a fraction of the mean radius; raised if noise "
              "alone explains more",
              Effect::none},
        Field{"off_level", &Generate::off_level, between(1e-12, 0.5),
              "maximum probability that noise alone takes a true series off the manifold", Effect::none},
        Field{"shortest_visit", &Generate::shortest_visit, between(0, 1),
              "minimum length of a visit, as a fraction of the circle's period", Effect::none},
        Field{"clock_window", &Generate::clock_window, between(0.01, 10),
              "window over which the phase's speed is measured, as a fraction of the circle's period", Effect::none},
        Field{"clock_rate", &Generate::clock_rate, between(0, 1),
              "the phase clock has failed if its speed, as a fraction of the circle's, is below this or above 2 minus "
              "this",
              Effect::none},
    };
  }
};

}  // namespace mambasynth::config
