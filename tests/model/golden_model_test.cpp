#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

#include "model/golden.hpp"
#include "train/losses/mean_squared_error.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

namespace {

/// The original's loss.
at::Tensor loss_of(std::vector<at::Tensor> const& predictions, at::Tensor const& x, config::Integers const& horizons) {
  return train::losses::MeanSquaredError().value(predictions, x, horizons);
}

}  // namespace

TEST_CASE("a trained checkpoint reproduces the original's activations, predictions, losses and gradients") {
  auto const g = golden();
  if (!g) SKIP("skipped: no golden arrays (set MAMBASYNTH_REFERENCE to the folder that holds them)");
  auto& network = const_cast<model::Network&>(g->loaded->network);
  auto const& arrays = g->arrays;
  auto const& horizons = network.horizons();
  REQUIRE(arrays.at("horizons").as<std::int64_t>() == horizons);

  SECTION("activations and predictions") {
    auto const encoding = network.encode(g->windows);
    for (std::int64_t i = 1; i <= network.config().n_layers; ++i) {
      auto const expected = tensor(arrays.at("layer" + std::to_string(i)));
      INFO("layer " << i);
      CHECK(largest(every(encoding.layers[static_cast<std::size_t>(i - 1)], step) - expected) <=
            of_layers * largest(expected));
    }
    for (std::size_t h = 0; h < horizons.size(); ++h) {
      auto const expected = tensor(arrays.at("pred_h" + std::to_string(horizons[h])));
      CHECK(largest(every(encoding.predictions[h], step) - expected) <= of_outputs);
    }
  }
  SECTION("losses and gradients") {
    for (std::int64_t w = 0; w < 3; ++w) {
      auto const x = g->windows.narrow(0, w, 1);
      auto const loss = loss_of(network.predict(x), x, horizons).item<double>();
      CHECK(std::abs(loss - arrays.at("loss_windows").as<double>()[static_cast<std::size_t>(w)]) <=
            of_losses(horizons.size()));
    }
    network.zero_gradient();
    auto const loss = loss_of(network.predict(g->windows), g->windows, horizons);
    CHECK(std::abs(loss.item<double>() - arrays.at("loss").as<double>()[0]) <= of_losses(horizons.size()));
    loss.backward();
    auto const names = arrays.at("grad_names").as_text();
    auto const norms = arrays.at("grad_norms").as<double>();
    REQUIRE(names.size() == network.parameters().size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      INFO(names[i]);
      CHECK(network.parameters()[i].name == names[i]);
      auto const norm = network.parameters()[i].tensor.grad().to(at::kDouble).norm().item<double>();
      CHECK(std::abs(norm - norms[i]) <= of_norms * norms[i]);
    }
    for (auto const& [key, array] : arrays) {
      if (!key.starts_with("grad:")) continue;
      INFO(key);
      auto const expected = tensor(array);
      CHECK(largest(network.parameter(key.substr(5)).tensor.grad().to(at::kDouble) - expected) <=
            of_gradients * largest(expected));
    }
  }
  SECTION("gate signals") {
    auto const gates = network.gates(g->x.narrow(0, arrays.at("starts").as<std::int64_t>()[1], window).unsqueeze(0));
    for (std::size_t i = 0; i < gates.size(); ++i) {
      auto const name = "gate" + std::to_string(i + 1);
      INFO(name);
      CHECK(largest(every(gates[i].delta, step)[0] - tensor(arrays.at(name + "_delta"))) <= of_gates);
      CHECK(largest(every(gates[i].z_gate, step)[0] - tensor(arrays.at(name + "_z_gate"))) <= of_gates);
      auto const norm = [&](at::Tensor const& values) { return every(values, gate_norm_step)[0].norm(2, 1); };
      CHECK(largest(norm(gates[i].B) - tensor(arrays.at(name + "_B_norm"))) <= of_gate_norms);
      CHECK(largest(norm(gates[i].C) - tensor(arrays.at(name + "_C_norm"))) <= of_gate_norms);
    }
  }
}
