#include "commands/flags.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "config/config.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A value that is allowed and is not the default.
void change(bool& value, config::Allowed const&) { value = !value; }
void change(std::int64_t& value, config::Allowed const&) { value += 2; }
void change(double& value, config::Allowed const& allowed) {
  value = value == 0 ? std::min(0.5, allowed.most) : std::max(value / 2, allowed.least);
}
void change(std::string& value, config::Allowed const& allowed) {
  value = allowed.words.empty()            ? "else"
          : value == allowed.words.front() ? std::string(allowed.words.back())
                                           : std::string(allowed.words.front());
}
void change(config::Integers& value, config::Allowed const&) { value = {11, 13}; }
void change(std::optional<std::int64_t>& value, config::Allowed const&) { value = 99; }

/// As one types it after a flag.
std::string typed(std::string const& text) { return text; }
std::string typed(std::optional<std::int64_t> const& value) { return std::to_string(value.value()); }
std::string typed(config::Integers const& list) {
  std::string text;
  for (auto const value : list) text += (text.empty() ? "" : ",") + std::to_string(value);
  return text;
}
template <class Number>
std::string typed(Number value) {
  return config::to_toml(value);
}

std::string all_sections(config::Trial const& trial) {
  std::string text;
  config::for_each_section(trial, [&](auto const& section) { text += config::section_to_toml(section); });
  return text;
}

/// The flag of a key in a verb whose own section is none of the trial's.
std::string flag_of(std::string const& section, std::string const& key) {
  if (section == "data" && key == "path") return "--data";
  if (key == "seed") return "--" + section + "-seed";
  auto flag = "--" + key;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

void parse(CLI::App& app, std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
  app.parse(std::move(words));
}

errors::Error refusal_of(CLI::App& app, std::vector<std::string> const& words) {
  try {
    parse(app, words);
  } catch (errors::Error const& error) {
    return error;
  }
  FAIL("not refused");
  throw;
}

}  // namespace

TEST_CASE("each key has a flag that sets this key and no other") {
  int keys = 0;
  config::Trial const defaults;
  config::for_each_section(defaults, [&]<class Section>(Section const&) {
    config::for_each_field<Section>([&](auto const& field) {
      auto const key = std::string(Section::section) + "." + std::string(field.key);
      INFO(key);
      Section wanted;
      change(wanted.*field.member, field.allowed);
      auto flag = flag_of(std::string(Section::section), std::string(field.key));
      std::vector<std::string> words;
      if constexpr (std::is_same_v<std::decay_t<decltype(wanted.*field.member)>, bool>)
        words = {wanted.*field.member ? flag : "--no-" + flag.substr(2)};
      else words = {flag, typed(wanted.*field.member)};

      CLI::App app;
      commands::TrialFlags flags(app, "");
      flags.section<Section>();
      parse(app, words);
      auto trial = flags.resolve();
      config::for_each_section(trial, [&]<class Found>(Found& found) {
        if constexpr (std::is_same_v<Found, Section>) {
          CHECK(found.*field.member == wanted.*field.member);
          found.*field.member = Section{}.*field.member;
        }
      });
      CHECK(all_sections(trial) == all_sections({}));
      ++keys;
    });
  });
  CHECK(keys == static_cast<int>(config::trial_keys().size()));
}

TEST_CASE("--seed is the seed of the verb's own section, and the generator's is --data-seed elsewhere") {
  auto const seeds = [](std::string const& own, std::vector<std::string> const& words) {
    CLI::App app;
    commands::TrialFlags flags(app, own);
    flags.section<config::Data>().section<config::Train>();
    parse(app, words);
    auto const trial = flags.resolve();
    return std::pair(trial.data.seed, trial.train.seed);
  };
  CHECK(seeds("train", {"--seed", "1", "--data-seed", "2"}) == std::pair<std::int64_t, std::int64_t>(2, 1));
  CHECK(seeds("data", {"--seed", "1", "--train-seed", "2"}) == std::pair<std::int64_t, std::int64_t>(1, 2));
}

TEST_CASE("a sweep's assignments end with the flags, which override --set wherever they stand") {
  CLI::App app;
  commands::TrialFlags flags(app, "train", commands::TrialFlags::Files::none);
  flags.section<config::Train>();
  CHECK(app.get_option_no_throw("--config") == nullptr);
  parse(app, {"--lr", "0.5", "--set", "train.lr=0.1", "--no-train-eval", "--set", "train.epochs=2"});
  CHECK(flags.assignments() ==
        std::vector<std::string>{"train.lr=0.1", "train.epochs=2", "train.lr=0.5", "train.train_eval=false"});
  CHECK(flags.resolve().train.lr == 0.5);
}

TEST_CASE("a flag that stands for a value overrides the key's own flag, and is named if the value is refused") {
  CLI::App app;
  commands::TrialFlags flags(app, "train");
  flags.section<config::Train>();
  parse(app, {"--precision", "bf16"});
  flags.set_from_flag("train.precision", "fp32", "--no-amp");
  CHECK(flags.resolve().train.precision == "fp32");
  flags.set_from_flag("train.precision", "fp8", "--no-amp");
  CHECK_THROWS_WITH(flags.resolve(), ContainsSubstring("--no-amp") && ContainsSubstring("fp8"));
}

TEST_CASE("the original's names of flags are aliases") {
  CLI::App app;
  commands::TrialFlags flags(app, "train");
  flags.section<config::Data>().section<config::Train>();
  commands::RunFlags run;
  commands::add_run_flags(app, run, "run", "folder");
  tests::TemporaryFolder const folder;
  auto const out = (folder.path() / "there").string();
  parse(app, {"--data-dir", "a", "--save-dir", out, "--freeze-A"});
  CHECK(flags.resolve().data.path == "a");
  CHECK(flags.resolve().train.freeze_a);
  CHECK(run.out == out);
}

TEST_CASE("without flags the folder is the verb's default, and device and threads are chosen later") {
  CLI::App app;
  commands::RunFlags run;
  commands::add_run_flags(app, run, "gates", "folder");
  parse(app, {});
  CHECK(run.out == "gates");
  CHECK_FALSE(run.out_given);
  CHECK(run.device == "auto");
  CHECK(run.threads == 0);
}

TEST_CASE("--out may name folders that do not exist, and creates none of them") {
  tests::TemporaryFolder const folder;
  auto const out = folder.path() / "a" / "b";
  CLI::App app;
  commands::RunFlags run;
  commands::add_run_flags(app, run, "gates", "folder");
  parse(app, {"--out", out.string()});
  CHECK(run.out == out.string());
  CHECK(run.out_given);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("an unknown device and zero threads are refused") {
  CLI::App app;
  commands::RunFlags run;
  commands::add_run_flags(app, run, "gates", "folder");
  CHECK_THROWS_AS(parse(app, {"--device", "gpu"}), CLI::ValidationError);
  auto const refused = refusal_of(app, {"--threads", "0"});
  CHECK(refused.code() == errors::ExitCode::usage);
  CHECK_THAT(refused.what(), ContainsSubstring("threads = 0 is out of range") && ContainsSubstring("from 1 to"));
}
