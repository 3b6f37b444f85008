#include <ATen/ATen.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "errors/errors.hpp"
#include "model/state_dict.hpp"
#include "store/archive/safetensors.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string refusal(model::Network& network, model::NamedTensors const& weights) {
  try {
    model::load_state(network, weights, "weights.pt");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::input);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the architecture is read off the weights, and they come back to the bit") {
  auto const network = tests::small_network(5, 3);
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "weights.safetensors";
  store::safetensors::save(file, {model::state_of(network), {}});
  auto const loaded = model::load_network(file);
  CHECK(loaded.network.config().d_model == 16);
  CHECK(loaded.network.config().n_layers == 2);
  CHECK(loaded.network.config().d_state == 4);
  CHECK(loaded.network.config().max_horizon == 3);
  CHECK(loaded.network.channels() == 5);
  CHECK(at::equal(loaded.network.flat(), network.flat()));
}

TEST_CASE("older names are brought up to date") {
  auto const network = tests::small_network(5, 3);
  auto weights = model::state_of(network);
  for (auto& [name, tensor] : weights) {
    if (name.starts_with("output_heads.1.")) name = "output_proj." + name.substr(15);
    name = "_orig_mod." + name;
  }
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "old.safetensors";
  store::safetensors::save(file, {weights, {}});
  CHECK(at::equal(model::load_network(file).network.flat(), network.flat()));
}

TEST_CASE("weights that do not fit are refused by name") {
  auto network = tests::small_network(5, 3);
  auto missing = model::state_of(network);
  missing.erase(missing.begin());
  CHECK_THAT(refusal(network, missing), ContainsSubstring("has no tensor 'input_proj.weight'"));
  auto more = model::state_of(network);
  more.emplace_back("extra", more.front().second);
  CHECK_THAT(refusal(network, more), ContainsSubstring("tensor 'extra' is not part of the model"));
  auto reshaped = model::state_of(network);
  reshaped[1].second.shape = {4, 4};
  CHECK_THAT(refusal(network, reshaped), ContainsSubstring("has the shape (4, 4)"));
}
