#include "commands/program.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "commands/invocation.hpp"
#include "commands/verb.hpp"
#include "store/atomic_file.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// CLI11 appends the allowed words to the name of a value; help lists them in its description.
std::string name_of_values(std::string const& type) { return type.substr(0, type.find(':')); }

/// A verb as it stands in the program, and words that satisfy what it requires.
struct Declared {
  explicit Declared(commands::Verb const& verb) : name(verb.name), app(name) { (void)verb.declare(app); }

  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> const& more = {}) const {
    std::vector<std::string> all{name};
    for (auto const* option : app.get_options([](CLI::Option const* o) { return o->get_required(); })) {
      if (!option->get_positional()) all.push_back(option->get_name());
      all.emplace_back("x");
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::string name;
  CLI::App app;
};

commands::Verb const& each_verb() {
  auto const index = GENERATE(range(std::size_t{0}, commands::verbs().size()));
  return commands::verbs()[index];
}

}  // namespace

TEST_CASE("help lists every verb with its summary, in the order of the table") {
  auto const help = tests::invoke({"--help"});
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  auto const text = tests::in_one_line(help.out);
  REQUIRE(commands::verbs().size() == 12);
  std::size_t last = 0;
  for (auto const& verb : commands::verbs()) {
    INFO(verb.name);
    auto const at = text.find(std::string(verb.name) + " " + std::string(verb.summary));
    REQUIRE(at != std::string::npos);
    CHECK(at > last);
    last = at;
  }
}

TEST_CASE("--help-all of a verb explains each of its flags") {
  Declared const verb(each_verb());
  INFO(verb.name);
  auto const help = tests::invoke({verb.name, "--help-all"});
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  auto const text = tests::in_one_line(help.out);
  int shown = 0;
  for (auto const* option : verb.app.get_options()) {
    if (option->get_group().empty()) continue;  // the --no- of a switch
    if (option == verb.app.get_help_ptr()) continue;
    INFO(option->get_name());
    ++shown;
    CHECK_FALSE(option->get_description().empty());
    CHECK_THAT(text, ContainsSubstring(option->get_positional() ? name_of_values(option->get_type_name())
                                                                : option->get_name()));
    // The range stands between the description and a default in words.
    auto const& description = option->get_description();
    CHECK_THAT(text, ContainsSubstring(tests::in_one_line(description.substr(0, description.find(" [default:")))));
    CHECK_THAT(text, ContainsSubstring(option->get_option_text()));
    CHECK_THAT(text, ContainsSubstring(option->get_default_str()));
  }
  CHECK(shown > 1);
}

TEST_CASE("a misspelled flag of any verb is refused with the nearest flag and the help that lists it") {
  Declared const verb(each_verb());
  INFO(verb.name);
  for (auto const* option : verb.app.get_options()) {
    if (option->get_lnames().empty()) continue;
    auto const name = option->get_lnames().front(), flag = "--" + name, misspelled = "--x" + name;
    auto const done = tests::invoke(verb.words({misspelled}));
    INFO(flag);
    CHECK(done.code == 2);
    CHECK(done.out.empty());
    CHECK_THAT(done.err, StartsWith("unknown flag '" + misspelled + "' (") &&
                             EndsWith("Did you mean '" + flag + "'? See mambasynth " + verb.name + " --help.\n"));
  }
}

TEST_CASE("a verb without a required argument is refused, naming the argument") {
  Declared const verb(each_verb());
  INFO(verb.name);
  auto const required = verb.app.get_options([](CLI::Option const* o) { return o->get_required(); });
  if (required.empty()) return;
  auto const done = tests::invoke({verb.name});
  CHECK(done.code == 2);
  CHECK(done.out.empty());
  CHECK_THAT(done.err, ContainsSubstring(required.front()->get_name()) &&
                           ContainsSubstring("See mambasynth " + verb.name + " --help."));
}

TEST_CASE("a missing verb and an unexpected argument are refused, naming the help to read") {
  auto const none = tests::invoke({});
  CHECK(none.code == 2);
  CHECK_THAT(none.err, StartsWith("no verb given (") && EndsWith("). See mambasynth --help.\n"));
  auto const word = tests::invoke({"train", "frobnicate"});
  CHECK(word.code == 2);
  CHECK_THAT(word.err, ContainsSubstring("unexpected argument 'frobnicate'") &&
                           ContainsSubstring("See mambasynth train --help."));
}

TEST_CASE("the output of --print-config reads back to the same text and reflects flags") {
  Declared const verb(each_verb());
  INFO(verb.name);
  auto const* const config = verb.app.get_option_no_throw("--config");
  auto const* const data_seed = verb.app.get_option_no_throw(verb.name == "data" ? "--seed" : "--data-seed");
  if (config == nullptr || data_seed == nullptr) return;
  tests::TemporaryFolder const folder;
  auto const print = [&](std::vector<std::string> more) {
    more.emplace_back("--print-config");
    return tests::invoke(verb.words(more));
  };
  auto const printed = print({data_seed->get_name(), "7"});
  REQUIRE(printed.code == 0);
  CHECK_THAT(printed.out, ContainsSubstring("[data]\nseed = 7\n"));
  auto const file = folder.path() / "printed.toml";
  store::write_atomically(file, printed.out);
  auto const again = print({"--config", file.string()});
  CHECK(again.code == 0);
  CHECK(again.out == printed.out);
  CHECK(print({}).out != printed.out);
}
