#include "sweep/status.hpp"

#include <CLI/CLI.hpp>

#include <memory>

#include "commands/arguments.hpp"
#include "commands/flags.hpp"
#include "commands/verb.hpp"
#include "config/section.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

struct StatusOptions {
  std::string folder;
  bool json = false;
  bool watch = false;
  double every = 5;
};

int run(StatusOptions const& options) {
  do {
    auto const status = sweep::read_status(options.folder);
    auto const text = options.json ? sweep::to_json(status) : sweep::to_text(status);
    streams::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
    if (!streams::flush() || !options.watch || !status.holder) break;
    errors::interruptible_sleep(options.every);
  } while (true);
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_status(CLI::App& app) {
  auto const options = std::make_shared<StatusOptions>();
  app.add_option("dir", options->folder, "folder of the sweep")->required()->type_name("DIR");
  app.add_flag("--json", options->json, "print JSON")->group(group::output);
  app.add_flag("--watch", options->watch, "print repeatedly until the sweep ends")->group(group::output);
  add_number(app, "--every", options->every, config::above(0, config::most_seconds),
             "time between updates with --watch")
      ->type_name("SECONDS")
      ->default_str(config::to_toml(options->every))
      ->group(group::output);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
