#include "model/state_dict.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>

#include "errors/errors.hpp"
#include "store/archive/pt.hpp"
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

TEST_CASE("the architecture follows from the weights, which are restored bit for bit") {
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

TEST_CASE("older names are replaced by the current ones") {
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

TEST_CASE("prefixes of wrappers are removed from names wherever they occur") {
  auto const network = tests::small_network(5, 3);
  auto const replaced = [](std::string name, std::string const& from, std::string const& to) {
    if (auto const at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
    return name;
  };
  std::function<std::string(std::string const&)> const renamed[] = {
      [](std::string const& name) { return "module." + name; },
      [](std::string const& name) { return "module._orig_mod." + name; },
      [](std::string const& name) { return "_orig_mod.module." + name; },
      [](std::string const& name) { return "model." + name; },
      [](std::string const& name) { return "_forward_module.model._orig_mod.net." + name; },
      [&](std::string const& name) { return replaced(name, "layers.0.", "layers.0._orig_mod."); },
      [&](std::string const& name) { return "module." + replaced(name, "layers.", "layers.module."); },
      [&](std::string const& name) {
        return replaced(name, ".mamba.", "._fsdp_wrapped_module._checkpoint_wrapped_module.mamba.");
      },
      [&](std::string const& name) { return replaced(name, "output_heads.1.", "module.output_proj."); },
  };
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "wrapped.safetensors";
  for (auto const& rename : renamed) {
    auto weights = model::state_of(network);
    for (auto& [name, tensor] : weights) name = rename(name);
    store::safetensors::save(file, {weights, {}});
    CHECK(at::equal(model::load_network(file).network.flat(), network.flat()));
  }
}

TEST_CASE("weights of two models are refused, and the message names both") {
  auto const network = tests::small_network(5, 3);
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "both.safetensors";
  auto const told = [&](std::string const& first, std::string const& second) {
    model::NamedTensors both;
    for (auto const& prefix : {first, second})
      for (auto const& [name, tensor] : model::state_of(network)) both.emplace_back(prefix + name, tensor);
    store::safetensors::save(file, {both, {}});
    try {
      model::read_weights(file);
    } catch (errors::Error const& error) {
      CHECK(error.code() == errors::ExitCode::input);
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(told("", "module."), ContainsSubstring("as 'input_proj.weight' and as 'module.input_proj.weight'"));
  CHECK_THAT(told("model.", "ema."), ContainsSubstring("begin with 'ema.', 'model.'"));
}

TEST_CASE("a state dict is found under any key") {
  auto const network = tests::small_network(5, 3);
  using store::pt::Dict;
  using store::pt::Value;
  Dict state;
  for (auto const& [name, tensor] : model::state_of(network)) state.emplace_back(Value{name}, Value{tensor});
  auto const under = [](char const* key, Value value) {
    return Value{Dict{{Value{std::string(key)}, std::move(value)}}};
  };
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "a.pt";
  for (auto const& checkpoint : {Value{state}, under("model_state_dict", {state}), under("state_dict", {state}),
                                 under("ckpt", under("model", {state}))}) {
    store::pt::save(file, checkpoint, "a");
    CHECK(at::equal(model::load_network(file).network.flat(), network.flat()));
  }
  auto const told = [&](Value const& checkpoint) {
    store::pt::save(file, checkpoint, "a");
    try {
      model::read_weights(file);
    } catch (errors::Error const& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(told({Dict{{Value{std::string("model")}, {state}}, {Value{std::string("ema")}, {state}}}}),
             ContainsSubstring("under 'model', 'ema'"));
  CHECK_THAT(told(under("epoch", {std::int64_t{3}})),
             ContainsSubstring("no tensor in it is called 'input_proj.weight'"));
}

TEST_CASE("weights that do not fit are refused, and the message names them") {
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
