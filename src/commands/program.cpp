#include "commands/program.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/arguments.hpp"
#include "commands/documents.hpp"
#include "commands/help_page.hpp"
#include "commands/verb.hpp"
#include "commands/version.hpp"
#include "environment/launcher.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "help/text.hpp"
#include "kernels/cpu.hpp"
#include "store/temporaries.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

constexpr char const* help_word = "help";
constexpr char const* print_flag = "--print-config";

/// Every flag and verb that the user could have meant.
std::vector<std::string> names_of(CLI::App const& app) {
  std::vector<std::string> names;
  for (auto const* option : app.get_options())
    for (auto const& name : option->get_lnames()) names.push_back("--" + name);
  auto const verbs_of = app.get_subcommands([](CLI::App const*) { return true; });
  for (auto const* verb : verbs_of) names.push_back(verb->get_name());
  if (!verbs_of.empty()) names.emplace_back(help_word);
  return names;
}

/// Null if there is none of this name.
Verb const* find_verb(std::string_view name) {
  for (auto const all : {verbs(), document_verbs()})
    for (auto const& verb : all)
      if (verb.name == name) return &verb;
  return nullptr;
}

/// `mambasynth help VERB` as `mambasynth VERB --help`. Errors: errors::usage for an unknown verb.
std::vector<std::string> without_help_word(std::vector<std::string> words, CLI::App const& program) {
  if (words.empty() || words.front() != help_word) return words;
  if (words.size() == 1) return {"--help"};
  auto const name = words[1];
  if (name.starts_with("-") || name == help_word) return {"--help"};
  if (find_verb(name) == nullptr) {
    auto const near = errors::nearest(name, names_of(program));
    throw errors::usage("unknown verb '" + name + "'", "it has no help page",
                        (near.empty() ? "" : "Did you mean '" + near + "'? ") + std::string("See mambasynth help"));
  }
  std::vector<std::string> rewritten{name, "--help"};
  rewritten.insert(rewritten.end(), words.begin() + 2, words.end());
  return rewritten;
}

/// A verb without keys has nothing to print, which a script that asks every verb need not know.
void add_print_flag(CLI::App& app, Verb const& verb, Action& action) {
  if (app.get_option_no_throw(print_flag) != nullptr) return;
  auto const* const flag = app.add_flag(print_flag)->group("");
  action = [flag, name = std::string(verb.name), run = std::move(action)] {
    if (flag->count() == 0) return run();
    streams::print("# mambasynth {0} has no configuration keys. See mambasynth {0} --help-all.\n", name);
    return static_cast<int>(errors::ExitCode::done);
  };
}

/// The configuration follows from the keys alone, so --print-config needs no other argument.
void require_nothing(CLI::App& app) {
  for (auto* option : app.get_options()) option->required(false);
}

/// The text of --help or --help-all, which has been parsed; --help-all wins if both are given.
std::string help_text(CLI::App const& program) {
  auto const chosen = program.get_subcommands();
  if (chosen.empty()) return help::to_text(overview());
  auto const& app = *chosen.front();
  bool const all = app.get_help_all_ptr()->count() > 0;
  return help::to_text(help_of(*find_verb(app.get_name()), app), all ? help::Extent::all : help::Extent::common);
}

std::string without_dots(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// An invalid MAMBASYNTH_CPU is an error, whereas other invalid variables are ignored: users set it to reproduce
/// results bit for bit.
bool instruction_set_is_known() {
  try {
    (void)kernels::instruction_set();
    return true;
  } catch (std::runtime_error const& error) {
    if (environment::launched_rank() == 0) streams::log("{}\n", error.what());
    return false;
  }
}

errors::Error explain(CLI::ParseError const& error, CLI::App const& program) {
  auto const chosen = program.get_subcommands();
  auto const& app = chosen.empty() ? program : *chosen.front();
  auto const help =
      "See " + (chosen.empty() ? program.get_name() : program.get_name() + " " + app.get_name()) + " --help";
  if (dynamic_cast<CLI::ExtrasError const*>(&error) != nullptr) {
    auto extras = app.remaining();
    if (extras.empty()) extras = program.remaining();
    auto word = extras.empty() ? std::string(error.what()) : extras.front();
    word = word.substr(0, word.find('='));
    auto const near = errors::nearest(word, names_of(app));
    return errors::usage((word.starts_with("-") ? "unknown flag '"
                          : chosen.empty()      ? "unknown verb '"
                                                : "unexpected argument '") +
                             word + "'",
                         "a misspelling would otherwise go unnoticed",
                         near.empty() ? help : "Did you mean '" + near + "'? " + help);
  }
  return errors::usage("invalid command line", without_dots(error.what()), help);
}

}  // namespace

int run_program(int argc, char** argv) {
  CLI::App program("Batch experiments on causal Mamba models: generate, train, sweep, measure.", "mambasynth");
  program.set_version_flag("--version", version_text, "print the versions and features of this build");
  program.require_subcommand(0, 1);
  program.set_help_all_flag("--help-all", "show every flag of a verb, with its range");  // verbs inherit it
  // As with Python's argparse, the last occurrence of a repeated flag counts.
  program.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  std::map<std::string, Action> actions;
  errors::StopSignals const signals([] {
    streams::show_status({});
    store::remove_own_temporaries();
  });
  try {
    for (auto const all : {verbs(), document_verbs()})
      for (auto const& verb : all) {
        auto* const app = program.add_subcommand(std::string(verb.name), std::string(verb.summary));
        auto action = verb.declare(*app);
        add_print_flag(*app, verb, action);
        actions[std::string(verb.name)] = std::move(action);
      }
    auto words = without_help_word({argv + 1, argv + argc}, program);
    if (std::find(words.begin(), words.end(), print_flag) != words.end())
      for (auto* app : program.get_subcommands([](CLI::App const*) { return true; })) require_nothing(*app);
    try {
      std::reverse(words.begin(), words.end());  // as CLI11 takes them
      program.parse(std::move(words));
    } catch (CLI::CallForVersion const& version) {
      streams::print_text(std::string(version.what()) + "\n");
      return static_cast<int>(errors::ExitCode::done);
    } catch (CLI::Success const&) {
      streams::print_text(help_text(program));
      return static_cast<int>(errors::ExitCode::done);
    } catch (CLI::ParseError const& error) {
      throw explain(error, program);
    }
    auto const chosen = program.get_subcommands();
    if (chosen.empty())
      throw errors::usage("no verb given", "the first argument must be a verb", "See mambasynth --help");
    require_named_paths(*chosen.front());
    if (!instruction_set_is_known()) return static_cast<int>(errors::ExitCode::usage);
    return actions.at(chosen.front()->get_name())();
  } catch (errors::Error const& error) {
    streams::log("{}\n", error.what());
    return static_cast<int>(error.code());
  } catch (errors::Stopped const&) {
    streams::log("{}\n", errors::Stopped::error(errors::stop_signal()).what());
    return static_cast<int>(errors::ExitCode::stopped);
  } catch (std::exception const& error) {
    auto const reported = errors::unforeseen(error);
    streams::log("{}\n", reported.what());
    return static_cast<int>(reported.code());
  }
}

}  // namespace mambasynth::commands
