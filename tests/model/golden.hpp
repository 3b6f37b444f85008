#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/state_dict.hpp"
#include "series/load.hpp"
#include "store/archive/npz.hpp"
#include "support/reference.hpp"

/// The trained checkpoint of the original and what it computes.
namespace mambasynth::tests {

using Arrays = std::map<std::string, store::NpyArray>;

/// An independent fp32 implementation stays 4 to 17 times below these tolerances.
inline constexpr double of_layers = 5e-6, of_outputs = 1e-4, of_norms = 2e-5, of_gradients = 2e-5, of_gates = 2e-5,
                        of_gate_norms = 1e-4;
inline double of_losses(std::size_t horizons) { return horizons > 1 ? 3e-5 : 1e-5; }

inline at::Tensor tensor(store::NpyArray const& array) {
  auto const values = array.as<double>();
  return at::tensor(values, at::kDouble).view(array.shape);
}

inline double largest(at::Tensor const& difference) { return difference.abs().max().item<double>(); }

struct Golden {
  std::optional<model::LoadedNetwork> loaded;
  Arrays arrays;
  at::Tensor x;        ///< (N, channel)
  at::Tensor windows;  ///< (3, 1024, channel) at `starts`
};

inline constexpr std::int64_t window = 1024, step = 64, gate_norm_step = 8;

inline std::optional<Golden> golden() {
  auto const checkpoint = reference_file("model_next.pt");
  auto const arrays = reference_file("golden_model.npz");
  auto const data = reference_file("data.npz");
  if (checkpoint.empty() || arrays.empty() || data.empty()) return std::nullopt;
  Golden g;
  g.loaded.emplace(model::load_network(checkpoint));
  g.arrays = store::read_npz(arrays);
  auto const series = series::load_for_training(data);
  g.x = at::tensor(series.x).view({series.n_steps, series.channels});
  std::vector<at::Tensor> cut;
  for (auto const start : g.arrays.at("starts").as<std::int64_t>()) cut.push_back(g.x.narrow(0, start, window));
  g.windows = at::stack(cut);
  return g;
}

inline at::Tensor every(at::Tensor const& values, std::int64_t stride) {
  return values.slice(1, 0, values.size(1), stride).to(at::kDouble);
}

}  // namespace mambasynth::tests
