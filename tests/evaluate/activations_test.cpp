#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "errors/errors.hpp"
#include "evaluate/activations_file.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

namespace {

std::vector<float> flat(at::Tensor const& values) {
  auto const contiguous = values.contiguous();
  return {contiguous.const_data_ptr<float>(), contiguous.const_data_ptr<float>() + contiguous.numel()};
}

}  // namespace

TEST_CASE("activations.h5 holds every window's layers, predictions, labels and gates") {
  auto const network = tests::small_network(3, 2);
  constexpr std::int64_t steps = 70, window = 16, windows = 4;  // a tail of 6 steps is left out
  auto const x = at::randn({steps, 3}, at::detail::createCPUGenerator(2), at::TensorOptions().dtype(at::kFloat));
  std::vector<std::int64_t> circle(steps);
  std::vector<double> phase(steps);
  for (std::size_t t = 0; t < circle.size(); ++t) {
    circle[t] = static_cast<std::int64_t>(t / 10);
    phase[t] = 0.1 * static_cast<double>(t);
  }
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "activations.h5";
  evaluate::write_activations(file, network, x, window, {circle, phase}, true);

  store::Hdf5Reader const h5(file);
  auto const batch = x.narrow(0, 0, windows * window).view({windows, window, 3});
  auto const encoding = network.encode(batch);
  CHECK(h5.shape("/activation/layer_2") == std::vector<std::int64_t>{windows, window, 16});
  CHECK(h5.read<float>("/activation/input") == flat(batch));
  CHECK(h5.read<float>("/activation/layer_1") == flat(encoding.layers[0]));
  CHECK(h5.read<float>("/activation/layer_2") == flat(encoding.layers[1]));
  CHECK(h5.read<float>("/prediction/h1") == flat(encoding.predictions[0]));
  CHECK(h5.read<float>("/prediction/h2") == flat(encoding.predictions[1]));
  circle.resize(windows * window);
  phase.resize(windows * window);
  CHECK(h5.read<std::int64_t>("/state/circle") == circle);
  CHECK(h5.read<double>("/state/phase") == phase);
  CHECK(h5.read<std::int64_t>("/window") == std::vector<std::int64_t>{0, 16, 32, 48});
  auto const gates = network.gates(batch);
  CHECK(h5.read<float>("/gate/layer_2/delta") == flat(gates[1].delta));
  CHECK(h5.read<float>("/gate/layer_1/z_gate") == flat(gates[0].z_gate));
  CHECK(h5.read<float>("/gate/layer_1/C_norm") == flat(gates[0].C.norm(2, 2)));
}

TEST_CASE("a series shorter than a window is rejected") {
  auto const network = tests::small_network(3, 2);
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "activations.h5";
  CHECK_THROWS_WITH(evaluate::write_activations(file, network, at::zeros({10, 3}), 16, {}, false),
                    Catch::Matchers::ContainsSubstring("the series has 10 steps (a window of this model has 16)"));
  CHECK(std::filesystem::is_empty(folder.path()));
}
