#include "commands/checkpoint_flag.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdint>
#include <string>

#include "config/config.hpp"
#include "errors/errors.hpp"
#include "model/state_dict.hpp"

using namespace mambasynth;
using store::pt::Dict;
using store::pt::Value;

namespace {

/// A checkpoint whose training had this argument.
model::WeightsFile trained_with(char const* name, Value value) {
  Dict args{{Value{std::string(name)}, std::move(value)}};
  return {{}, Value{Dict{{Value{std::string("args")}, Value{std::move(args)}}}}};
}

model::WeightsFile const without_arguments{};

}  // namespace

TEST_CASE("the window length is the flag's, else the checkpoint's, else the default") {
  auto const trained = trained_with("seq_len", Value{std::int64_t{64}});
  CHECK(commands::window_length(48, trained) == 48);
  CHECK(commands::window_length(0, trained) == 64);
  CHECK(commands::window_length(0, without_arguments) == config::Train{}.seq_len);
  CHECK(commands::window_length(0, trained_with("seed", Value{std::int64_t{1}})) == config::Train{}.seq_len);
}

TEST_CASE("a whole number stored as a float is an integer; any other length is refused, naming the flag to use") {
  CHECK(commands::window_length(0, trained_with("seq_len", Value{64.0})) == 64);
  for (auto const& value : {Value{64.5}, Value{1e300}, Value{std::int64_t{0}}, Value{std::string("long")}}) {
    auto const trained = trained_with("seq_len", value);
    CHECK_THROWS_WITH(commands::window_length(0, trained),
                      "the checkpoint's seq_len cannot be used (it is not a positive integer). Give the window length "
                      "with --seq-len.");
    CHECK(commands::window_length(48, trained) == 48);
  }
}

TEST_CASE("the seed of the initial weights is known only if the checkpoint records it") {
  CHECK(commands::training_seed(trained_with("seed", Value{std::int64_t{7}})) == 7);
  CHECK(commands::training_seed(trained_with("seed", Value{7.0})) == 7);
  CHECK_FALSE(commands::training_seed(trained_with("seed", Value{})).has_value());
  CHECK_FALSE(commands::training_seed(without_arguments).has_value());
}

TEST_CASE("a series with a different number of channels than the network is refused with both numbers") {
  CHECK_NOTHROW(commands::require_its_channels("a.pt", 20, 20));
  CHECK_THROWS_WITH(commands::require_its_channels("a.pt", 20, 3),
                    "the series has 3 channels (a.pt was trained on 20). Give the series that the checkpoint was "
                    "trained on.");
}
