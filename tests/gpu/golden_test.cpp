#include "model/golden.hpp"

#include "gpu/engine.hpp"
#include "gpu/objective.hpp"
#include "gpu/predictor.hpp"
#include "gpu/tensors.hpp"
// Catch2 last: LibTorch's logging defines its own CHECK.
#include "kernels/cuda/device_array.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

namespace {

template <class T>
at::Tensor gradient_of_windows(model::Network const& network, at::Tensor const& x) {
  gpu::Engine<T> engine(network, {.batch = x.size(0), .time = x.size(1), .training = true});
  auto const there = x.to(at::kCUDA);
  engine.x().copy_(there);
  engine.padded().zero_();
  engine.padded().narrow(1, 0, x.size(2)).copy_(there.view({-1, x.size(2)}));
  engine.forward(x.size(0), {});
  auto const batch = train::losses::batch_shape(network, x.size(0), x.size(1));
  gpu::Objective<T> const objective({}, batch, 1, engine.capacity(), {});
  engine.backward(x.size(0), {}, objective.begin_micro_batch({0, x.size(0)}, x.size(0)));
  return engine.gradient().cpu();
}

}  // namespace

TEST_CASE("A trained checkpoint reproduces the original's activations, predictions and gradients on the GPU", "[gpu]") {
  require_gpu();
  auto const g = golden();
  if (!g) SKIP("skipped: no golden arrays (set MAMBASYNTH_REFERENCE to the folder that holds them)");
  auto const& network = g->loaded->network;
  auto const& arrays = g->arrays;
  auto const& horizons = network.horizons();
  auto const there = gpu::predictor(network);

  auto const encoding = there->encode(g->windows);
  for (std::int64_t i = 1; i <= network.config().n_layers; ++i) {
    auto const golden_layer = tensor(arrays.at("layer" + std::to_string(i)));
    INFO("layer " << i);
    CHECK(largest(every(encoding.layers[static_cast<std::size_t>(i - 1)], step) - golden_layer) <=
          of_layers * largest(golden_layer));
  }
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    auto const golden_prediction = tensor(arrays.at("pred_h" + std::to_string(horizons[h])));
    CHECK(largest(every(encoding.predictions[h], step) - golden_prediction) <= of_outputs);
  }
  auto const gates = there->gates(g->x.narrow(0, arrays.at("starts").as<std::int64_t>()[1], window).unsqueeze(0));
  for (std::size_t i = 0; i < gates.size(); ++i) {
    auto const name = "gate" + std::to_string(i + 1);
    INFO(name);
    CHECK(largest(every(gates[i].delta, step)[0] - tensor(arrays.at(name + "_delta"))) <= of_gates);
    CHECK(largest(every(gates[i].z_gate, step)[0] - tensor(arrays.at(name + "_z_gate"))) <= of_gates);
  }

  auto const gradient = gradient_of_windows<float>(network, g->windows);
  auto const in_bf16 = gradient_of_windows<kernels::BFloat16>(network, g->windows);
  auto const part = [&](at::Tensor const& flat, model::Parameter const& p) {
    return flat.narrow(0, p.offset, p.tensor.numel()).view(p.tensor.sizes()).to(at::kDouble);
  };
  auto const names = arrays.at("grad_names").as_text();
  auto const norms = arrays.at("grad_norms").as<double>();
  for (std::size_t i = 0; i < names.size(); ++i) {
    INFO(names[i]);
    CHECK(std::abs(part(gradient, network.parameter(names[i])).norm().item<double>() - norms[i]) <=
          of_norms * norms[i]);
  }
  for (auto const& [key, array] : arrays) {
    if (!key.starts_with("grad:")) continue;
    INFO(key);
    auto const golden_gradient = tensor(array);
    auto const& p = network.parameter(key.substr(5));
    CHECK(largest(part(gradient, p) - golden_gradient) <= of_gradients * largest(golden_gradient));
  }
  double worst = 0;
  std::string where;
  for (auto const& p : network.parameters()) {
    auto const error =
        (part(in_bf16, p) - part(gradient, p)).norm().item<double>() / part(gradient, p).norm().item<double>();
    if (error > worst) worst = error, where = p.name;
  }
  auto const all = (in_bf16 - gradient).norm().item<double>() / gradient.norm().item<double>();
  std::printf("trained model, bf16 gradient against fp32: relative L2 %.2e over all parameters, worst %.2e (%s)\n", all,
              worst, where.c_str());
  CHECK(all < 5e-2);
}
