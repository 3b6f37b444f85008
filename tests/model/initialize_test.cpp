#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "model/network.hpp"

using namespace mambasynth;
using Catch::Approx;

namespace {

float entry(model::Network const& network, std::string const& name, std::int64_t index) {
  return network.parameter(name).tensor.detach().flatten()[index].item<float>();
}

}  // namespace

TEST_CASE("initial weights equal the original's, draw by draw") {
  model::Network network(config::Model{}, 20);
  model::initialize(network, at::detail::createCPUGenerator(42));
  CHECK(entry(network, "input_proj.weight", 0) == Approx(0.17095602).margin(1e-8));
  CHECK(entry(network, "input_proj.weight", 1) == Approx(0.18559541).margin(1e-8));
  CHECK(entry(network, "input_proj.weight", 2) == Approx(-0.05238492).margin(5e-9));
  CHECK(entry(network, "layers.0.mamba.dt_proj.bias", 0) == Approx(-4.2703886).margin(5e-7));
  CHECK(entry(network, "layers.0.mamba.dt_proj.bias", 1) == Approx(-3.2610521).margin(5e-7));
  CHECK(entry(network, "layers.0.mamba.dt_proj.bias", 2) == Approx(-6.4725571).margin(5e-7));
  CHECK(entry(network, "layers.6.mamba.out_proj.weight", 0) == Approx(-0.00090942532).margin(5e-9));
  CHECK(entry(network, "output_heads.1.2.bias", 0) == Approx(0.018356375).margin(5e-9));
  CHECK(network.flat().sum(at::kDouble).item<double>() == Approx(140667.35943).margin(5e-6));
}

TEST_CASE("parameter counts equal the original's") {
  auto const count = [](std::int64_t d_state, std::int64_t max_horizon) {
    config::Model config;
    config.d_state = d_state;
    config.max_horizon = max_horizon;
    return model::Network(config, 20).flat().numel();
  };
  CHECK(count(16, 1) == 896404);
  CHECK(count(32, 1) == 982420);
  CHECK(count(64, 1) == 1154452);
  CHECK(count(32, 64) == 1440268);
}

TEST_CASE("x_proj and dt_proj form the gate group") {
  model::Network const network(config::Model{}, 20);
  std::int64_t gates = 0;
  for (auto const& parameter : network.parameters())
    if (parameter.group == model::ParameterGroup::gates) gates += parameter.tensor.numel();
  CHECK(gates == 145152);
}
