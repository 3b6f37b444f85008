#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdint>
#include <string>

#include "config/of_file.hpp"
#include "config/text.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string refusal_of(std::string const& toml) {
  config::Trial trial;
  try {
    config::apply_text(trial, toml, "a.toml");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::usage);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("what print-config shows is read back as the same configuration") {
  config::Trial trial;
  trial.train.lr = 1.0 / 3.0;
  trial.model.max_horizon = 48;
  trial.evaluate.lb_k = {5, 7};
  auto const text = config::to_toml(trial);
  config::Trial again;
  config::apply_text(again, text, "printed");
  CHECK(config::to_toml(again) == text);
  CHECK(again.train.lr == 1.0 / 3.0);
}

TEST_CASE("a misspelt key or section is refused with the nearest name and its line") {
  CHECK_THAT(refusal_of("[train]\n\nepcohs = 3\n"), ContainsSubstring("a.toml:3: unknown key 'train.epcohs'") &&
                                                      ContainsSubstring("Did you mean 'train.epochs'?"));
  CHECK_THAT(refusal_of("[trian]\nepochs = 3\n"), ContainsSubstring("Did you mean 'train'?"));
  CHECK_THAT(refusal_of("[train]\nsplit = \"randm\"\n"), ContainsSubstring("Did you mean 'random'?"));
}

TEST_CASE("wrong types and values out of range are refused") {
  CHECK_THAT(refusal_of("[train]\nepochs = \"many\"\n"), ContainsSubstring("an integer is needed"));
  CHECK_THAT(refusal_of("[train]\nlr = true\n"), ContainsSubstring("a number is needed"));
  CHECK_THAT(refusal_of("[train]\nepochs = 0\n"), ContainsSubstring("it must be at least 1"));
  CHECK_THAT(refusal_of("[model]\nmax_horizon = 0\n"), ContainsSubstring("it must be at least 1"));
  CHECK_THAT(refusal_of("[train\n"), ContainsSubstring("this is not TOML"));
}

TEST_CASE("a seed is one that no generator cuts off, and a value of a list counts once") {
  for (auto const* key : {"data.seed", "data.path_seed", "data.test_path_seed", "train.seed", "generate.seed", "gates.seed", "dimension.seed"}) {
    INFO(key);
    config::Trial trial;
    CHECK_NOTHROW(config::set_text(trial, std::string(key) + "=4294967295"));
    for (auto const* value : {"4294967296", "4294967303", "-1", "9223372036854775807"})
      CHECK_THROWS_AS(config::set_text(trial, std::string(key) + "=" + value), errors::Error);
  }
  for (auto const* list : {"dimension.k=3,3", "evaluate.lb_k=[10, 30, 10]", "oracle.horizons=1,+1"}) {
    config::Trial trial;
    CHECK_THROWS_AS(config::set_text(trial, list), errors::Error);
  }
}

TEST_CASE("equal values have one canonical text") {
  auto const canonical = [](char const* key, char const* text) { return config::canonical_value(key, config::given_text(text, "--")); };
  for (auto const* text : {"1", "1.0", "1e0", "+1"}) CHECK(canonical("train.lr", text) == "1");
  CHECK(canonical("train.lr", "-0.0") == canonical("train.lr", "0"));
  CHECK(canonical("train.lr", "0.1") == canonical("train.lr", "0.10000000000000001"));
  CHECK(canonical("data.n_steps", "9007199254740993") != canonical("data.n_steps", "9007199254740992"));
  CHECK(canonical("oracle.horizons", "1,8") == canonical("oracle.horizons", "[1, 8]"));
}

TEST_CASE("circles lie in a subspace of the series' channels") {
  config::Data keys;
  for (std::int64_t const dim : {0, 2, 20}) CHECK_NOTHROW(config::check_generated((keys.subspace_dim = dim, keys)));
  for (std::int64_t const dim : {1, 21}) CHECK_THROWS_AS(config::check_generated((keys.subspace_dim = dim, keys)), errors::Error);
  CHECK_NOTHROW(config::check_against_file(keys, 21));
  CHECK_THROWS_AS(config::check_against_file(keys, 20), errors::Error);
}

TEST_CASE("the test series differs from the series itself") {
  auto const refused = [](config::Data const& keys) {
    try {
      config::check_test_series(keys);
    } catch (errors::Error const& error) {
      CHECK(error.code() == errors::ExitCode::usage);
      return true;
    }
    return false;
  };
  config::Trial trial;
  auto& keys = trial.data;
  auto const path_seed = GENERATE(std::int64_t{0}, std::int64_t{41}, std::int64_t{42}, std::int64_t{43}, config::largest_seed);
  keys.path_seed = path_seed;
  CHECK(refused(keys) == (path_seed == config::largest_seed));  // behind it there is no seed
  keys.test_path_seed = path_seed;
  CHECK(refused(keys));
  CHECK_THROWS_AS(config::check(trial), errors::Error);
  keys.path = "data.npz";  // whose own path seed counts
  CHECK_NOTHROW(config::check(trial));
  keys.path.clear();
  keys.test_path_seed = path_seed - 1;
  CHECK_FALSE(refused(keys));
  keys.path_seed.reset();
  keys.test_path_seed = keys.seed;
  CHECK(refused(keys));
}

TEST_CASE("a horizon that no window holds is refused") {
  config::Trial trial;
  trial.train.seq_len = 64;
  trial.model.max_horizon = 64;
  CHECK_THROWS_AS(config::check(trial), errors::Error);
  trial.model.max_horizon = 63;
  CHECK_NOTHROW(config::check(trial));
}

TEST_CASE("a key that steers what is switched off is refused") {
  auto const refusal = [](auto set) -> std::string {
    config::Trial trial;
    set(trial.train);
    try {
      config::check(trial);
    } catch (errors::Error const& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(refusal([](auto& t) { t.aug_rotate_eps = 0.1; }), ContainsSubstring("train.aug_rotate_eps has no effect") && ContainsSubstring("--aug-rotate"));
  CHECK(refusal([](auto& t) { t.aug_rotate = true, t.aug_rotate_eps = 0.1; }).empty());
  CHECK_THAT(refusal([](auto& t) { t.contrastive_temp = 0.2; }), ContainsSubstring("train.contrastive_temp has no effect"));
  CHECK_THAT(refusal([](auto& t) { t.contrastive_negatives = 4; }), ContainsSubstring("train.contrastive_negatives has no effect"));
  CHECK(refusal([](auto& t) { t.contrastive_lambda = 1, t.contrastive_temp = 0.2, t.contrastive_negatives = 4; }).empty());
  CHECK_THAT(refusal_of("[train]\naug_scale = 1.5\n"), ContainsSubstring("from 0 to 1"));
  CHECK_THAT(refusal_of("[train]\ncontrastive_temp = 0\n"), ContainsSubstring("above 0"));
}

TEST_CASE("horizons are powers of two and the last one") {
  config::Model model;
  CHECK(model.horizons() == config::Integers{1});
  model.max_horizon = 48;
  CHECK(model.horizons() == config::Integers{1, 2, 4, 8, 16, 32, 48});
}

TEST_CASE("the flag --set takes numbers, words and lists") {
  config::Trial trial;
  config::set_text(trial, "train.lr=1e-3");
  config::set_text(trial, "train.split=random");
  config::set_text(trial, "evaluate.lb_k=5,20");
  CHECK(trial.train.lr == 1e-3);
  CHECK(trial.train.split == "random");
  CHECK(trial.evaluate.lb_k == config::Integers{5, 20});
}

TEST_CASE("shortest text reads back as the same double") {
  CHECK(config::shortest(0.1) == "0.1");
  CHECK(config::shortest(1.0) == "1");
  CHECK(config::toml_float(1.0) == "1.0");
  CHECK(config::toml_float(3e-4) == "3e-04");
}
