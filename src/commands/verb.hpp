#pragma once

#include <array>
#include <functional>
#include <span>
#include <string_view>

#include "help/page.hpp"

namespace CLI {
class App;
}

namespace mambasynth::commands {

/// Runs a verb after its flags are parsed; returns the exit code.
using Action = std::function<int()>;

/// A verb of `mambasynth`: `declare` adds its flags to `app` and returns what to run.
struct Verb {
  std::string_view name;
  std::string_view summary;  ///< its line in the list of verbs
  Action (*declare)(CLI::App& app);
  std::string_view purpose;   ///< its heading in the list of verbs
  std::string_view sentence;  ///< what it does, at the top of its help
  std::array<help::Example, 2> examples;
  std::string_view notes = {};  ///< at the end of its help
};

Action declare_bench(CLI::App& app);
Action declare_convert(CLI::App& app);
Action declare_data(CLI::App& app);
Action declare_dimension(CLI::App& app);
Action declare_doctor(CLI::App& app);
Action declare_evaluate(CLI::App& app);
Action declare_gates(CLI::App& app);
Action declare_generate(CLI::App& app);
Action declare_oracle(CLI::App& app);
Action declare_status(CLI::App& app);
Action declare_sweep(CLI::App& app);
Action declare_train(CLI::App& app);

/// In the order of --help: verbs with the same purpose stand together.
std::span<Verb const> verbs();

}  // namespace mambasynth::commands
