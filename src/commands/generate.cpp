#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <numeric>

#include "backend/backend.hpp"
#include "commands/flags.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "generate/generation_file.hpp"
#include "model/state_dict.hpp"
#include "series/load.hpp"

namespace mambasynth::commands {
namespace {

struct Options {
  explicit Options(CLI::App& app) : keys(app, "generate") {}
  TrialFlags keys;
  RunFlags run;
  std::string checkpoint;
};

void print(generate::Generation const& generation) {
  fmt::print("{:>6} {:>10} {:>10}\n", "sample", "seed start", "MSE");
  for (std::size_t i = 0; i < generation.mse.size(); ++i)
    fmt::print("{:>6} {:>10} {:>10.4f}\n", i, generation.seed_start[i], generation.mse[i]);
  auto const sum = std::accumulate(generation.mse.begin(), generation.mse.end(), 0.0);
  fmt::print("{:>6} {:>10} {:>10.4f}\n", "mean", "", sum / static_cast<double>(generation.mse.size()));
}

int run(Options const& options) {
  auto const trial = options.keys.resolve();
  if (options.keys.print_requested()) {
    fmt::print("{}\n{}", config::section_to_toml(trial.data), config::section_to_toml(trial.generate));
    return static_cast<int>(errors::ExitCode::done);
  }
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
  auto const loaded = model::load_network(options.checkpoint);
  auto const series = trial.data.path.empty() ? series::generate_for_training(trial.data, threads)
                                              : series::load_for_training(trial.data.path, threads);
  if (series.channels != loaded.network.channels())
    throw errors::usage(fmt::format("the series has {} channels", series.channels),
                        fmt::format("{} was trained on {}", options.checkpoint, loaded.network.channels()),
                        "Give the series that the checkpoint belongs to");
  auto const generation = generate::generate(loaded.network, series.x, trial.generate, device);
  auto const file = std::filesystem::path(options.run.out) / "generation.h5";
  generate::write_generation(file, generation, trial.generate,
                             {options.checkpoint, trial.data.path, provenance::run_facts(device, threads, backend::gpu_of(device))});
  print(generation);
  fmt::print("{}\n", file.string());
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_generate(CLI::App& app) {
  auto const options = std::make_shared<Options>(app);
  app.add_option("--checkpoint", options->checkpoint, "weights: ours or the original's .pt, or .safetensors")
      ->required()
      ->type_name("FILE");
  options->keys.section<config::Data>().section<config::Generate>();
  add_run_flags(app, options->run, "generation", "folder of generation.h5");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
