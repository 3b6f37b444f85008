#include <ATen/ATen.h>
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.hpp"
#include "commands/checkpoint_flag.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "gates/figures.hpp"
#include "gates/gates_file.hpp"
#include "gates/signal_maps.hpp"
#include "model/state_dict.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "series/load.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

struct GatesOptions {
  explicit GatesOptions(CLI::App& app) : keys(app, "gates") {}
  TrialFlags keys;
  RunFlags run;
  std::string checkpoint;
  std::int64_t seq_len = 0;
  bool figures = true;
};

void print(gates::Statistics const& s) {
  auto const n = s.conditions.size();
  auto const rows = [&](gates::Averages const& averages, char const* what) {
    streams::print("{}\n{:<6}", what, "layer");
    for (auto const& name : s.conditions) streams::print(" {:>24}", name);
    streams::print("\n");
    for (std::size_t layer = 0; layer < static_cast<std::size_t>(s.layers); ++layer) {
      streams::print("{:<6}", layer + 1);
      for (std::size_t c = 0; c < n; ++c)
        streams::print(" {:>24}", fmt::format("{:.5g} +- {:.2g}", averages.value[layer * n + c],
                                              averages.standard_error[layer * n + c]));
      streams::print("\n");
    }
  };
  rows(s.by_condition.delta, "mean delta");
  rows(s.by_condition.memory_geometric, "typical memory 1/(delta |A|), geometric mean, steps");
}

std::int64_t count_of(std::span<std::int64_t const> circle) {
  return circle.empty() ? 0 : *std::max_element(circle.begin(), circle.end()) + 1;
}

void draw(config::Gates const& config, model::Predictor const& network, at::Tensor const& x, std::int64_t seq_len,
          gates::Choice const& choice, std::span<std::int64_t const> circle, gates::Statistics const& statistics,
          fs::path const& folder) {
  auto const circles = count_of(circle);
  gates::draw_statistics(statistics, folder);
  progress::Count drawn(std::ssize(choice.numbers), "sample");
  gates::for_each_sample(network, x, seq_len, choice, [&](gates::Sample const& sample) {
    auto const of_window =
        circle.empty() ? circle
                       : circle.subspan(static_cast<std::size_t>(sample.start), static_cast<std::size_t>(seq_len));
    auto const layer = [&](std::int64_t number) {
      gates::draw_layer(sample, static_cast<std::size_t>(number - 1), of_window, circles, folder);
    };
    if (config.layer) {
      layer(*config.layer);
    } else {
      gates::draw_summary(sample, of_window, circles, folder);
      layer(1);
      if (statistics.layers > 1) layer(statistics.layers);
    }
    drawn.add();
  });
}

int run(GatesOptions& options) {
  auto const trial = options.keys.resolve();
  if (options.keys.print_requested()) {
    streams::print("{}\n{}", config::section_to_toml(trial.data), config::section_to_toml(trial.gates));
    return static_cast<int>(errors::ExitCode::done);
  }
  require_memory_for(trial.data);
  choose_output_folder(options.run, [](auto const& folder) { require_replaceable(folder / "gates.h5"); });
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
  auto const loaded = model::load_network(options.checkpoint);
  // Sums, squares and counts of a few quantities, in double precision.
  config::require_within(
      {{"the statistics around switches",
        {{"twice gates.around", 2 * trial.gates.around}, {"layers", loaded.network.config().n_layers}},
        64}},
      memory_here());
  gates::require_layer(trial.gates, loaded.network.config().n_layers);
  auto const predictor = backend::predictor(device, loaded.network);
  std::vector<std::string> stages{series_stage, statistics_stage};
  if (trial.gates.umap) stages.emplace_back(umap_stage);
  stages.emplace_back("signals");
  if (options.figures) stages.emplace_back(figures_stage);
  progress::Display const display("gates", stages);
  std::optional<progress::Stage> stage(std::in_place, series_stage);
  auto const seq_len = window_length(options.seq_len, loaded.file);
  auto series = trial.data.path.empty() ? series::generate_for_training(trial.data, threads)
                                        : series::load_for_training(trial.data.path, threads);
  require_its_channels(options.checkpoint, predictor->channels(), series.channels);
  auto const x = at::from_blob(series.x.data(), {series.n_steps, series.channels}, at::kFloat);
  auto const choice = gates::choose_samples(series.n_steps, seq_len, trial.gates);
  stage.emplace(statistics_stage);
  constexpr std::int64_t skipped_share = 8;
  auto const statistics =
      gates::gate_statistics(*predictor, loaded.network, x, {series.circle, series.process.period},
                             {seq_len, trial.gates.skip.value_or(seq_len / skipped_share), trial.gates.around});
  if (series.circle.empty())
    streams::log("note: no statistics around switches (the series does not record which circle is visited).\n");
  std::optional<gates::SignalMaps> maps;
  if (trial.gates.umap) {
    stage.emplace(umap_stage);
    maps = gates::map_signals(*predictor, x, seq_len, trial.gates, threads);
  }
  stage.emplace("signals");
  fs::path const folder = options.run.out;
  auto const file = folder / "gates.h5";
  gates::write_gates(
      file, *predictor, x, choice, statistics, trial.gates,
      {options.checkpoint, trial.data.path, seq_len, provenance::run_facts(device, threads, backend::gpu_of(device))},
      maps ? &*maps : nullptr, series.circle);
  print(statistics);
  streams::print("{}\n", file.string());
  if (options.figures) {
    stage.emplace(figures_stage);
    draw(trial.gates, *predictor, x, seq_len, choice, series.circle, statistics, folder);
    if (maps) gates::draw_signal_maps(*maps, series.circle, count_of(series.circle), folder);
  }
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_gates(CLI::App& app) {
  auto const options = std::make_shared<GatesOptions>(app);
  add_checkpoint_flag(app, options->checkpoint);
  add_window_flag(app, options->seq_len);
  options->keys.section<config::Data>().section<config::Gates>();
  add_run_flags(app, options->run, "gates", "folder for gates.h5 and the figures");
  app.add_flag("--figures,!--no-figures", options->figures, "draw the figures (needs gnuplot)");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
