#include "commands/program.hpp"

#include <CLI/CLI.hpp>

#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "commands/arguments.hpp"
#include "commands/verb.hpp"
#include "commands/version.hpp"
#include "environment/launcher.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "kernels/cpu.hpp"
#include "store/temporaries.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

constexpr Verb all_verbs[] = {
    {"data", "generate the Markov-switching series", declare_data},
    {"train", "train and measure one trial", declare_train},
    {"sweep", "run a sweep of trials over MPI ranks", declare_sweep},
    {"status", "show the progress of a sweep", declare_status},
    {"evaluate", "measure a checkpoint: intrinsic dimension and activations", declare_evaluate},
    {"dimension", "estimate the intrinsic dimension of any array: a series, .npy, .npz or HDF5", declare_dimension},
    {"generate", "continue a series step by step, optionally with noise", declare_generate},
    {"gates", "show the gate signals delta, z, B and C, and delta around switches", declare_gates},
    {"oracle", "filter a series exactly: the lowest error that any predictor can reach", declare_oracle},
    {"convert", "convert weights between .pt and .safetensors", declare_convert},
    {"doctor", "check this machine or job for problems", declare_doctor},
    {"bench", "time kernels and training steps", declare_bench},
};

/// Every flag and verb that the user could have meant.
std::vector<std::string> names_of(CLI::App const& app) {
  std::vector<std::string> names;
  for (auto const* option : app.get_options())
    for (auto const& name : option->get_lnames()) names.push_back("--" + name);
  for (auto const* verb : app.get_subcommands([](CLI::App const*) { return true; })) names.push_back(verb->get_name());
  return names;
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

std::span<Verb const> verbs() { return all_verbs; }

int run_program(int argc, char** argv) {
  CLI::App program("Batch experiments on causal Mamba models: generate, train, sweep, measure.", "mambasynth");
  program.set_version_flag("--version", version_text, "print the versions and features of this build");
  program.require_subcommand(0, 1);
  // As with Python's argparse, the last occurrence of a repeated flag counts.
  program.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  std::map<std::string, Action> actions;
  errors::StopSignals const signals([] {
    streams::show_status({});
    store::remove_own_temporaries();
  });
  try {
    for (auto const& verb : verbs()) {
      auto* const app = program.add_subcommand(std::string(verb.name), std::string(verb.summary));
      actions[std::string(verb.name)] = verb.declare(*app);
    }
    try {
      program.parse(argc, argv);
    } catch (CLI::Success const& help) {
      std::ostringstream text;
      program.exit(help, text, text);
      streams::print_text(text.str());
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
