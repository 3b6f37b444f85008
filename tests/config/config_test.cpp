#include "config/config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/sizes.hpp"
#include "config/text.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"

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

TEST_CASE("the output of --print-config reads back as the same configuration") {
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

TEST_CASE("a misspelled key or section is refused with the nearest name and its line") {
  CHECK_THAT(refusal_of("[train]\n\nepcohs = 3\n"), ContainsSubstring("a.toml:3: unknown key 'train.epcohs'") &&
                                                        ContainsSubstring("Did you mean 'train.epochs'?"));
  CHECK_THAT(refusal_of("[trian]\nepochs = 3\n"), ContainsSubstring("Did you mean 'train'?"));
  CHECK_THAT(refusal_of("[train]\nsplit = \"randm\"\n"), ContainsSubstring("Did you mean 'random'?"));
}

TEST_CASE("wrong types and values out of range are refused") {
  CHECK_THAT(refusal_of("[train]\nepochs = \"many\"\n"), ContainsSubstring("it must be an integer"));
  CHECK_THAT(refusal_of("[train]\nlr = true\n"), ContainsSubstring("it must be a number"));
  CHECK_THAT(refusal_of("[train]\nepochs = 0\n"), ContainsSubstring("it must be at least 1"));
  CHECK_THAT(refusal_of("[model]\nmax_horizon = 0\n"), ContainsSubstring("it must be at least 1"));
  CHECK_THAT(refusal_of("[train\n"), ContainsSubstring("invalid TOML"));
}

TEST_CASE("a float without a fraction is an integer where one is needed, and ranges include both ends") {
  config::Trial trial;
  config::set_text(trial, "data.n_steps=1e5");
  CHECK(trial.data.n_steps == 100000);
  config::apply_text(trial, "[data]\nn_steps = 2e5\ntest_n_steps = 3.0\n[evaluate]\nlb_k = [1e1, 30]\n", "a.toml");
  CHECK(trial.data.n_steps == 200000);
  CHECK(trial.data.test_n_steps == 3);
  CHECK(trial.evaluate.lb_k == config::Integers{10, 30});
  config::set_text(trial, "evaluate.lb_k=3:5,1e1");
  CHECK(trial.evaluate.lb_k == config::Integers{3, 4, 5, 10});
  CHECK_THAT(refusal_of("[train]\nepochs = 1.5\n"), ContainsSubstring("it must be an integer"));
  CHECK_THAT(refusal_of("[data]\nseed = 9007199254740992.0\n"), ContainsSubstring("out of range"));
  for (auto const* range : {"5:3", "0:100000", "3:", "3:x", "3.5:5"})
    CHECK_THROWS_AS(config::set_text(trial, std::string("evaluate.lb_k=") + range), errors::Error);
}

TEST_CASE("a seed must fit its generator, and a list must not have duplicates") {
  auto const check_range = [](std::string const& key, std::string const& largest,
                              std::vector<std::string> const& refused) {
    INFO(key);
    config::Trial trial;
    CHECK_NOTHROW(config::set_text(trial, key + "=" + largest));
    for (auto const& value : refused) CHECK_THROWS_AS(config::set_text(trial, key + "=" + value), errors::Error);
  };
  for (auto const* key : {"train.seed", "generate.seed", "gates.seed", "dimension.seed"})
    check_range(key, "4294967295", {"4294967296", "4294967303", "-1", "9223372036854775807"});
  // NumPy's generator uses every bit of its seed.
  for (auto const* key : {"data.seed", "data.path_seed", "data.test_path_seed"})
    check_range(key, "9007199254740991", {"9007199254740992", "-1", "9223372036854775807"});
  for (auto const* list : {"dimension.k=3,3", "evaluate.lb_k=[10, 30, 10]", "oracle.horizons=1,+1"}) {
    config::Trial trial;
    CHECK_THROWS_AS(config::set_text(trial, list), errors::Error);
  }
}

TEST_CASE("equal values have one canonical text") {
  auto const canonical = [](char const* key, char const* text) {
    return config::canonical_value(key, config::given_text(text, "--"));
  };
  for (auto const* text : {"1", "1.0", "1e0", "+1"}) CHECK(canonical("train.lr", text) == "1");
  CHECK(canonical("train.lr", "-0.0") == canonical("train.lr", "0"));
  CHECK(canonical("train.lr", "0.1") == canonical("train.lr", "0.10000000000000001"));
  CHECK(canonical("data.n_steps", "999999999999") != canonical("data.n_steps", "999999999998"));
  CHECK(canonical("oracle.horizons", "1,8") == canonical("oracle.horizons", "[1, 8]"));
}

TEST_CASE("each key of a configuration can be read and set again") {
  config::Trial const trial;
  for (auto const& key : config::trial_keys()) {
    INFO(key);
    auto const value = config::get(trial, key);
    CHECK(value.origin == key);
    if (value.kind == config::Given::Kind::text && value.text.empty()) continue;  // a path, or an optional key
    config::Trial copy;
    config::set(copy, key, value);
    CHECK(config::get(copy, key).shown == value.shown);
  }
  CHECK(config::get(trial, "train.split").text == "blocked");
  CHECK(config::get(trial, "train.lr").shown == "3e-04");
  CHECK(config::get(trial, "train.gate_lr_factor").shown == "1.0");
  CHECK(config::get(trial, "train.epochs").shown == "500");
  CHECK(config::get(trial, "train.train_eval").shown == "false");
  CHECK(config::get(trial, "data.test_path_seed").integer == 43);
  config::Trial listed;
  config::set_text(listed, "evaluate.lb_k=5,20");
  CHECK(config::get(listed, "evaluate.lb_k").shown == "[\n5,\n20,\n]");
  CHECK_THROWS_AS(config::get(trial, "train.no_such_key"), std::out_of_range);
}

TEST_CASE("circles must fit in a subspace of the series' channels") {
  config::Data keys;
  for (std::int64_t const dim : {0, 2, 20}) CHECK_NOTHROW(config::check_generated((keys.subspace_dim = dim, keys)));
  for (std::int64_t const dim : {1, 21})
    CHECK_THROWS_AS(config::check_generated((keys.subspace_dim = dim, keys)), errors::Error);
  CHECK_NOTHROW(config::check_against_file(keys, 21));
  CHECK_THROWS_AS(config::check_against_file(keys, 20), errors::Error);
}

TEST_CASE("a number that does not fit is refused with its key and text, in a file and on the command line") {
  struct Case {
    std::string key, value;
    bool fits = false;
    bool flag = true;  ///< whether flags take this notation
  };
  std::vector<Case> const cases{{"epochs", "99999999999999999999"},
                                {"epochs", "9223372036854775808"},
                                {"epochs", "9223372036854775807"},
                                {"epochs", "1000000001"},
                                {"epochs", "-9223372036854775809"},
                                {"epochs", "+99999999999999999999"},
                                {"epochs", "0x8000000000000000", false, false},
                                {"epochs", "0xFFFFFFFFFFFFFFFFFF", false, false},
                                {"epochs", "0o7777777777777777777777777", false, false},
                                {"epochs", "0b" + std::string(64, '1'), false, false},
                                {"epochs", "99_999_999_999_999_999_999", false, false},
                                {"epochs", std::string(4000, '9')},
                                {"epochs", "3.0", true},
                                {"epochs", "1e3", true},
                                {"epochs", "inf"},
                                {"epochs", "nan"},
                                {"epochs", "0"},
                                {"lr", "1e400"},
                                {"lr", "-1e400"},
                                {"lr", "1e-400"},
                                {"lr", "1e-310"},
                                {"lr", "1e-31"},
                                {"lr", "inf"},
                                {"lr", "-inf"},
                                {"lr", "nan"},
                                {"lr", std::string(45, '9')},
                                {"lr", std::string(400, '9') + ".0"},
                                {"lr", "1e39"},
                                {"lr", "-1e-9"},
                                {"epochs", "1000000000", true},
                                {"epochs", "+3", true},
                                {"epochs", "0x10", true, false},
                                {"epochs", "0o17", true, false},
                                {"epochs", "0b11", true, false},
                                {"epochs", "1_000", true, false},
                                {"lr", "0.0", true},
                                {"lr", "-0.0", true},
                                {"lr", "1e-30", true},
                                {"lr", "3e-4", true},
                                {"lr", "1", true}};
  for (auto const& [key, value, fits, flag] : cases) {
    auto const name = "train." + key;
    INFO(name << " = " << value);
    auto const in_file = refusal_of("[model]\nn_layers = 2\n[train]\n" + key + " = " + value + " # so\n");
    CHECK(in_file.empty() == fits);
    if (!fits) CHECK_THAT(in_file, ContainsSubstring("a.toml:4: " + name + " = "));
    if (!fits && value.ends_with("99999")) CHECK_THAT(in_file, ContainsSubstring(errors::quotable(value)));
    if (!flag) continue;
    config::Trial trial;
    std::string on_line;
    try {
      config::set(trial, name, config::given_text(value, "--" + key));
    } catch (errors::Error const& error) {
      on_line = error.what();
    }
    CHECK(on_line.empty() == fits);
    if (!fits) CHECK_THAT(on_line, ContainsSubstring("--" + key + ": " + name + " = " + errors::quotable(value)));
  }
  for (auto const* text :
       {"[evaluate]\nlb_k = [10,\n99999999999999999999]\n", "evaluate = { lb_k = [99999999999999999999] }\n",
        "[evaluate]\n\"lb_k\" = 99999999999999999999\n"})
    CHECK_THAT(refusal_of(text),
               ContainsSubstring("lb_k") && ContainsSubstring("99999999999999999999 is out of range"));
  for (auto const* text : {"", " 3", "3 ", "3x", "--3", "+-3", "0x", "1e", "[3", "3,99999999999999999999"}) {
    config::Trial trial;
    INFO(text);
    CHECK_THROWS_AS(config::set(trial, "train.epochs", config::given_text(text, "--epochs")), errors::Error);
  }
  // Text that only looks like such a number.
  CHECK(refusal_of(
            "# 99999999999999999999 [[[[\n[train]\nlr = 1e-3 # 1e400\n[data]\npath = \"99999999999999999999 1e400\"\n")
            .empty());
  CHECK(refusal_of("[data]\npath = '''\n1e400 [ \" \n'''\n").empty());
}

TEST_CASE("text that would crash the parser is refused with its line") {
  auto const times = [](std::string const& text, int n) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
  };
  constexpr int deep = 200'000;
  for (auto const& text :
       {"[train]\nlr = " + times("[", deep) + times("]", deep), "[train]\nlr = " + times("[", deep),
        "[train]\nx = " + times("{a=", deep) + "1" + times("}", deep), "[train]\n" + times("a.", deep) + "a = 1\n",
        "[train]\n[" + times("a.", deep) + "a]\n", "[train]\n" + times("\"a\".", deep) + "a = 1\n",
        "[train]\nx = {" + times("a.", deep) + "a = 1}\n", "[train]\n" + times("[", deep)})
    CHECK_THAT(refusal_of(text), ContainsSubstring("a.toml:2: the nesting is too deep"));
  CHECK_THAT(refusal_of(times("#", 1 << 21)), ContainsSubstring("too long for a configuration"));
  auto const long_value = refusal_of("[train]\nsplit = \"" + std::string(500'000, 'x') + "\"\n");
  CHECK_THAT(long_value, ContainsSubstring("train.split = \"xxx"));
  CHECK(long_value.size() < 1000);
  for (auto const* text : {"[", "[[", "]", "}", "=", "\"", "'''", "\"\"\"", "a.b.c", "[train]\nlr = {", "\\",
                           "x = \"\\", "\xff", "\xff = \xfe", "[\xe9]"})
    CHECK_FALSE(refusal_of(text).empty());
}

TEST_CASE("a path of arbitrary bytes is read and written unchanged") {
  for (auto const* bytes :
       {"caf\xe9.h5", "/data/\xff\xfe/x", "caf\xc3\xa9", "\xf4\x8f\xbb\xa9", "\xf0\x9f\x90\x8d\xe9"}) {
    std::string const path = bytes;
    config::Trial trial;
    config::apply_text(trial, "# gr\xfc\xdf\n[data]\npath = \"" + path + "\"\n", "a.toml");
    CHECK(trial.data.path == path);
    config::Trial again;
    config::apply_text(again, config::to_toml(trial), "printed");
    CHECK(again.data.path == path);
  }
}

TEST_CASE("sizes do not overflow, and what does not fit in memory is refused with its keys and bytes") {
  auto const most = std::numeric_limits<std::int64_t>::max();
  CHECK(config::bytes_of({"", {{"a", 3}, {"b", 5}}, 8}) == 120);
  CHECK(config::bytes_of({"", {{"a", most}, {"b", most}}, 8}) == std::numeric_limits<std::uint64_t>::max());
  CHECK(config::bytes_of({"", {{"a", most}, {"b", 2}}, 1}) == std::numeric_limits<std::uint64_t>::max() - 1);
  CHECK(config::in_bytes(999) == "999 B");
  CHECK(config::in_bytes(25'200'000'000) == "25.2 GB");

  struct Case {
    std::string text, key;
  };
  constexpr std::uint64_t gigabytes = 1'000'000'000;
  std::vector<Case> const cases{
      {"[model]\nexpand = 1000\nd_model = 1000000\n", "model.expand = 1000"},
      {"[model]\nd_ff = 1000000\nd_model = 1000000\nn_layers = 1\nexpand = 1\nd_state = 1\n",
       "model.d_model = 1000000"},
      {"[model]\nn_layers = 10000\nd_model = 10000\n", "model.n_layers = 10000"},
      {"[data]\nn_steps = 1000000000000\n", "data.n_steps = 1000000000000"},
      {"[data]\ntest_n_steps = 1000000000000\n", "data.test_n_steps = 1000000000000"},
      {"[train]\ncontrastive_lambda = 1\ncontrastive_negatives = 1000000000\n",
       "train.contrastive_negatives = 1000000000"},
      {"[data]\nambient_dim = 1000000\n", "data.ambient_dim = 1000000"},
      {"[data]\nn_steps = 10000000\n[train]\nseq_len = 10000000\n", "train.seq_len = 10000000"}};
  for (auto const& [text, key] : cases) {
    config::Trial trial;
    config::apply_text(trial, text, "a.toml");
    INFO(text);
    try {
      config::require_within(config::needs_of_training(trial, true), {20 * gigabytes, "this machine has"});
      FAIL_CHECK("not refused");
    } catch (errors::Error const& error) {
      CHECK(error.code() == errors::ExitCode::usage);
      CHECK_THAT(error.what(), ContainsSubstring(key) && ContainsSubstring("this machine has 20 GB"));
    }
  }
  config::Trial const documented;
  CHECK_NOTHROW(config::require_within(config::needs_of_training(documented, true), {gigabytes, "this machine has"}));
}

TEST_CASE("every number has a finite range") {
  config::Trial trial;
  config::for_each_section(trial, [](auto const& section) {
    using Section = std::decay_t<decltype(section)>;
    config::for_each_field<Section>([](auto const& field) {
      using Type = std::decay_t<decltype(std::declval<Section>().*(field.member))>;
      if constexpr (!std::is_same_v<Type, bool> && !std::is_same_v<Type, std::string>) {
        INFO(Section::section << "." << field.key);
        CHECK(field.allowed.least >= 0);
        if (!field.key.ends_with("seed")) CHECK(field.allowed.most <= 1e150);
      }
    });
  });
}

TEST_CASE("the list of horizons ends even at the largest integer") {
  config::Model model;
  for (auto const most : {std::numeric_limits<std::int64_t>::max(), (std::int64_t{1} << 62) + 1}) {
    model.max_horizon = most;
    CHECK(model.horizons().size() == 64);
    CHECK(model.horizons().back() == most);
  }
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
  auto const path_seed =
      GENERATE(std::int64_t{0}, std::int64_t{41}, std::int64_t{42}, std::int64_t{43}, config::largest_data_seed);
  keys.path_seed = path_seed;
  CHECK(refused(keys) == (path_seed == config::largest_data_seed));  // there is no larger seed
  keys.test_path_seed = path_seed;
  CHECK(refused(keys));
  CHECK_THROWS_AS(config::check(trial), errors::Error);
  keys.path = "data.npz";  // whose own path seed applies
  CHECK_NOTHROW(config::check(trial));
  keys.path.clear();
  keys.test_path_seed = path_seed - 1;
  CHECK_FALSE(refused(keys));
  keys.path_seed.reset();
  keys.test_path_seed = keys.seed;
  CHECK(refused(keys));
}

TEST_CASE("a horizon longer than the window is refused") {
  config::Trial trial;
  trial.train.seq_len = 64;
  trial.model.max_horizon = 64;
  CHECK_THROWS_AS(config::check(trial), errors::Error);
  trial.model.max_horizon = 63;
  CHECK_NOTHROW(config::check(trial));
}

TEST_CASE("a key of a disabled feature is refused") {
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
  CHECK_THAT(refusal([](auto& t) { t.aug_rotate_eps = 0.1; }),
             ContainsSubstring("train.aug_rotate_eps has no effect") && ContainsSubstring("--aug-rotate"));
  CHECK(refusal([](auto& t) { t.aug_rotate = true, t.aug_rotate_eps = 0.1; }).empty());
  CHECK_THAT(refusal([](auto& t) { t.contrastive_temp = 0.2; }),
             ContainsSubstring("train.contrastive_temp has no effect"));
  CHECK_THAT(refusal([](auto& t) { t.contrastive_negatives = 4; }),
             ContainsSubstring("train.contrastive_negatives has no effect"));
  CHECK(refusal([](auto& t) {
          t.contrastive_lambda = 1, t.contrastive_temp = 0.2, t.contrastive_negatives = 4;
        }).empty());
  CHECK_THAT(refusal_of("[train]\naug_scale = 1.5\n"), ContainsSubstring("from 0 to 1"));
  CHECK_THAT(refusal_of("[train]\ncontrastive_temp = 0\n"), ContainsSubstring("above 0"));
}

TEST_CASE("horizons are powers of two and the largest one") {
  config::Model model;
  CHECK(model.horizons() == config::Integers{1});
  model.max_horizon = 48;
  CHECK(model.horizons() == config::Integers{1, 2, 4, 8, 16, 32, 48});
}

TEST_CASE("the flag --set accepts numbers, words and lists") {
  config::Trial trial;
  config::set_text(trial, "train.lr=1e-3");
  config::set_text(trial, "train.split=random");
  config::set_text(trial, "evaluate.lb_k=5,20");
  CHECK(trial.train.lr == 1e-3);
  CHECK(trial.train.split == "random");
  CHECK(trial.evaluate.lb_k == config::Integers{5, 20});
}

TEST_CASE("the shortest text parses to the same double") {
  CHECK(config::shortest(0.1) == "0.1");
  CHECK(config::shortest(1.0) == "1");
  CHECK(config::toml_float(1.0) == "1.0");
  CHECK(config::toml_float(3e-4) == "3e-04");
}
