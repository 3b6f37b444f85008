#include <ATen/ATen.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/document/rounding.hpp"
#include "backend/backend.hpp"
#include "commands/checkpoint_flag.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/trained_network.hpp"
#include "commands/verb.hpp"
#include "dynamics/dynamics_file.hpp"
#include "dynamics/figure.hpp"
#include "dynamics/table.hpp"
#include "errors/errors.hpp"
#include "generate/figures.hpp"
#include "generate/generation_file.hpp"
#include "model/state_dict.hpp"
#include "oracle/hidden_process.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "series/process.hpp"
#include "streams/streams.hpp"
#include "trial/data.hpp"

namespace mambasynth::commands {
namespace {

struct GenerateOptions {
  explicit GenerateOptions(CLI::App& app) : keys(app, "generate") {}
  TrialFlags keys;
  RunFlags run;
  std::string checkpoint;
  bool figures = true;
};

void print(generate::Generation const& generation) {
  streams::print("{:>6} {:>10} {:>10}\n", "sample", "seed start", "MSE");
  for (std::size_t i = 0; i < generation.mse.size(); ++i)
    streams::print("{:>6} {:>10} {:>10}\n", i, generation.seed_start[i],
                   analysis::document::decimal_text(generation.mse[i], 4));
  auto const sum = std::accumulate(generation.mse.begin(), generation.mse.end(), 0.0);
  streams::print("{:>6} {:>10} {:>10}\n", "mean", "",
                 analysis::document::decimal_text(sum / static_cast<double>(generation.mse.size()), 4));
}

void draw(generate::Generation const& g, trial::TrialData const& series, config::Trial const& trial,
          std::filesystem::path const& folder) {
  auto const bursts = generate::burst_starts(trial.generate);
  auto const seed = g.seed.size() / g.seed_start.size(), steps = g.generated.size() / g.seed_start.size();
  auto const seed_steps = static_cast<std::int64_t>(seed) / g.channels;
  auto const circles = series.circle.empty() ? 0 : *std::max_element(series.circle.begin(), series.circle.end()) + 1;
  progress::Count drawn(std::ssize(g.seed_start), "sample");
  for (std::size_t i = 0; i < g.seed_start.size(); ++i, drawn.add()) {
    generate::GeneratedSample sample{.number = static_cast<std::int64_t>(i),
                                     .channels = g.channels,
                                     .seed_start = g.seed_start[i],
                                     .seed = std::span(g.seed).subspan(i * seed, seed),
                                     .generated = std::span(g.generated).subspan(i * steps, steps),
                                     .truth = std::span(g.truth).subspan(i * steps, steps),
                                     .seed_circle = {},
                                     .circles = circles,
                                     .mse = g.mse[i],
                                     .sampling_rate = trial.data.sampling_rate,
                                     .labels = series.labels(),
                                     .standardized = !series.scaling.empty(),
                                     .bursts = bursts};
    if (circles > 0)
      sample.seed_circle =
          std::span(series.circle)
              .subspan(static_cast<std::size_t>(g.seed_start[i]), static_cast<std::size_t>(seed_steps));
    generate::draw_generation(sample, folder);
  }
}

/// The analysis by the process that generated the series; nothing, with a note, if the process is unknown.
std::optional<dynamics::Analysis> judge(generate::Generation const& g, std::optional<generate::Generation> const& calm,
                                        trial::TrialData const& data, config::Generate const& config, int threads) {
  if (!config.oracle) return {};
  auto const absent = [](std::string const& why) {
    streams::log("note: no statistics of visits and failures ({}).\n", why);
    return std::optional<dynamics::Analysis>{};
  };
  if (!data.generated) return absent(data.foreign_reason);
  std::optional<oracle::HiddenProcess> hidden;
  try {
    hidden.emplace(series::make_process(data.data));
  } catch (errors::Error const& error) {
    return absent(error.what());
  }
  dynamics::Input input{.samples = g.samples(),
                        .seed_steps = config.seed_len,
                        .steps = config.gen_len,
                        .seed = g.seed,
                        .starts = g.seed_start,
                        .conditions = {{"truth", g.truth, hidden->process().noise_std, {}}},
                        .burst_interval = 0,
                        .compared = {}};
  auto const perturbed = generate::perturbed_steps(config);
  if (!perturbed.empty()) input.burst_interval = config.perturb_interval;
  input.conditions.push_back({"generated", g.generated, config.temperature, perturbed});
  if (calm) {
    input.compared = {1, 2};
    input.conditions.push_back({"without_bursts", calm->generated, config.temperature, {}});
  }
  return dynamics::analyze(*hidden, input, config, threads);
}

/// The samples in the recording's units: the seeds and the true steps as stored, the generated ones scaled back.
void unscale(generate::Generation& g, trial::TrialData const& data, std::vector<float> const& stored) {
  if (data.scaling.empty()) return;
  data.scaling.undo(g.generated);
  auto const width = static_cast<std::size_t>(g.channels);
  auto const samples = g.seed_start.size();
  auto const seed = g.seed.size() / samples, steps = g.truth.size() / samples;
  for (std::size_t i = 0; i < samples; ++i) {
    auto const from = stored.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(g.seed_start[i]) * width);
    auto const border = from + static_cast<std::ptrdiff_t>(seed);
    std::copy(from, border, g.seed.begin() + static_cast<std::ptrdiff_t>(i * seed));
    std::copy_n(border, steps, g.truth.begin() + static_cast<std::ptrdiff_t>(i * steps));
  }
}

std::vector<float> values_of(at::Tensor const& series) {
  auto const* const first = series.const_data_ptr<float>();
  return {first, first + series.numel()};
}

int run(GenerateOptions& options) {
  if (options.keys.print_requested()) {
    auto const trial = as_trained(options.keys, options.checkpoint);
    streams::print("{}\n{}", config::section_to_toml(trial.data), config::section_to_toml(trial.generate));
    return static_cast<int>(errors::ExitCode::done);
  }
  choose_output_folder(options.run, [](auto const& folder) { require_replaceable(folder / "generation.h5"); });
  auto const trained = read_trained(options.keys, options.checkpoint);
  auto const& trial = trained.trial;
  auto const& loaded = trained.loaded;
  if (auto const layers = loaded.network.config().n_layers; trial.generate.perturb_layers > layers)
    throw errors::usage(fmt::format("generate.perturb_layers = {} is out of range", trial.generate.perturb_layers),
                        fmt::format("{} has {} layers", options.checkpoint, layers),
                        "Choose at most that many, or 0 for all");
  require_memory_for(trial.data);
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
  bool const compares = trial.generate.compare && !generate::perturbed_steps(trial.generate).empty();
  std::vector<std::string> stages{series_stage, "continuations"};
  if (compares) stages.emplace_back("without bursts");
  if (trial.generate.oracle) stages.emplace_back(statistics_stage);
  if (options.figures) stages.emplace_back(figures_stage);
  progress::Display const display("generate", stages);
  std::optional<progress::Stage> stage(std::in_place, series_stage);
  auto const data = load_data(trained, threads, Windows::none);
  stage.emplace("continuations");
  auto const x = values_of(data.series());
  auto generation =
      generate::generate(loaded.network, x, trial.generate, device, generate::Bursts::applied, data.segments);
  std::optional<generate::Generation> calm;
  if (compares) {
    stage.emplace("without bursts");
    calm = generate::generate(loaded.network, x, trial.generate, device, generate::Bursts::left_out, data.segments);
  }
  if (trial.generate.oracle) stage.emplace(statistics_stage);
  if (!data.scaling.empty()) {
    streams::log(
        "note: the recording is standardized, so errors, temperature and bursts are in units of its channels' "
        "standard deviations.\n");
    auto const stored = values_of(trial::load_series(trial, {}, threads).series());
    unscale(generation, data, stored);
    if (calm) unscale(*calm, data, stored);
  }
  auto const analysis = judge(generation, calm, data, trial.generate, threads);
  auto const file = std::filesystem::path(options.run.out) / "generation.h5";
  generate::write_generation(
      file, generation, trial.generate,
      {options.checkpoint, trial.data.path, provenance::run_facts(device, threads, backend::gpu_of(device)),
       trial.data.sampling_rate, !data.scaling.empty()},
      calm ? &*calm : nullptr, [&](store::Hdf5Writer& h5) {
        if (analysis) dynamics::write_dynamics(h5, *analysis);
      });
  print(generation);
  if (analysis) streams::print("{}", dynamics::summary_table(*analysis));
  streams::print("{}\n", file.string());
  if (options.figures) {
    stage.emplace(figures_stage);
    draw(generation, data, trial, options.run.out);
    if (analysis) dynamics::draw_dynamics(*analysis, options.run.out);
  }
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_generate(CLI::App& app) {
  auto const options = std::make_shared<GenerateOptions>(app);
  add_checkpoint_flag(app, options->checkpoint);
  options->keys.section<config::Generate>().section<config::Data>();
  add_run_flags(app, options->run, "generation", "folder for generation.h5 and figures");
  add_figures_flag(app, options->figures);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
