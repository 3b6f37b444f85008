#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/state_dict.hpp"
#include "series/load.hpp"
#include "store/archive/npz.hpp"
#include "support/reference.hpp"

namespace mambasynth::tests {

/// The original's greedy generation in fp32: checkpoint, series, start of the seed (true steps), and the expected
/// continuation.
struct GoldenGeneration {
  static constexpr std::int64_t seed_steps = 64;
  model::LoadedNetwork loaded;
  series::TrainingSeries series;
  std::int64_t start;
  std::vector<float> expected;  ///< (step, channel)
};
inline std::optional<GoldenGeneration> golden_generation() {
  auto const checkpoint = reference_file("model_next.pt");
  auto const golden = reference_file("golden_model.npz");
  auto const data = reference_file("data.npz");
  if (checkpoint.empty() || golden.empty() || data.empty()) return std::nullopt;
  auto const arrays = store::read_npz(golden);
  return GoldenGeneration{model::load_network(checkpoint), series::load_for_training(data),
                          arrays.at("gen_seed_start").as<std::int64_t>()[0], arrays.at("gen_greedy").as<float>()};
}

}  // namespace mambasynth::tests
