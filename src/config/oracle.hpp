#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "config/field.hpp"

namespace mambasynth::config {

/// The exact Bayes filter of the generator.
struct Oracle {
  Integers horizons = {1, 2, 4, 8, 16, 32, 64};
  std::int64_t block = 0;
  std::int64_t burn_in = 16384;
  bool posteriors = false;
  bool elapsed = false;

  static constexpr std::string_view section = "oracle";
  static constexpr std::string_view title = "filter";
  static auto fields() {
    return std::tuple{
        Field{"horizons", &Oracle::horizons, between(1, most_count), "numbers of steps to predict ahead", Effect::none}
            .own(),
        Field{"block", &Oracle::block, between(0, most_steps),
              "steps per filter; 0 = each rank's whole part of the series", Effect::none}
            .own(),
        Field{"burn_in", &Oracle::burn_in, between(0, most_steps),
              "steps before a block where its filter starts, from the stationary distribution", Effect::none}
            .own(),
        Field{"posteriors", &Oracle::posteriors, any(),
              "write posterior.h5: circle, revolutions to come, switch hazard, phase, step by step", Effect::none}
            .own(),
        Field{"elapsed", &Oracle::elapsed, any(), "also write the revolutions elapsed to posterior.h5", Effect::none}
            .own(),
    };
  }
};

}  // namespace mambasynth::config
