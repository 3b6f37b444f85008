#include "commands/arguments.hpp"

#include <CLI/CLI.hpp>

#include "config/section.hpp"
#include "errors/errors.hpp"

namespace mambasynth::commands {
namespace {

/// Whether an option takes a path, by its type name in --help.
bool takes_path(CLI::Option const& option) {
  auto const type = option.get_type_name();
  for (auto const* word : {"FILE", "DIR", "IN", "OUT", "SWEEP.toml"})
    if (type == word) return true;
  return false;
}

template <class T, class Held>
CLI::Option* number(CLI::App& app, std::string const& flag, Held& target, config::Allowed const& allowed,
                    std::string const& help) {
  auto const read = [flag, &target, allowed](std::string const& text) {
    T value{};
    config::assign(value, allowed, flag.substr(2), config::given_text(text, flag));
    target = static_cast<Held>(value);
  };
  return app.add_option_function<std::string>(flag, read, help)
      ->type_name(config::placeholder(T{}, allowed))
      ->option_text(config::describe(allowed));
}

}  // namespace

CLI::Option* add_number(CLI::App& app, std::string const& flag, std::int64_t& target, config::Allowed const& allowed,
                        std::string const& help) {
  return number<std::int64_t>(app, flag, target, allowed, help);
}
CLI::Option* add_number(CLI::App& app, std::string const& flag, int& target, config::Allowed const& allowed,
                        std::string const& help) {
  return number<std::int64_t>(app, flag, target, allowed, help);
}
CLI::Option* add_number(CLI::App& app, std::string const& flag, double& target, config::Allowed const& allowed,
                        std::string const& help) {
  return number<double>(app, flag, target, allowed, help);
}

void require_named_paths(CLI::App const& app) {
  for (auto const* option : app.get_options()) {
    if (!takes_path(*option)) continue;
    for (auto const& path : option->results())
      if (path.empty())
        throw errors::usage(option->get_name() + " is empty", "it must name a file or folder",
                            "Give a path, or omit it; perhaps a shell variable is not set");
  }
}

}  // namespace mambasynth::commands
