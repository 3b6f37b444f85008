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

#include "analysis/document/rounding.hpp"
#include "backend/backend.hpp"
#include "commands/checkpoint_flag.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/trained_network.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "gates/figures.hpp"
#include "gates/gates_file.hpp"
#include "gates/signal_maps.hpp"
#include "model/state_dict.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "streams/streams.hpp"
#include "trial/data.hpp"

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
        streams::print(" {:>24}", analysis::document::text_of(averages.value[layer * n + c],
                                                              averages.standard_error[layer * n + c]));
      streams::print("\n");
    }
  };
  rows(s.by_condition.delta, "mean delta ± its standard error over windows");
  rows(s.by_condition.memory_geometric, "typical memory 1/(delta |A|), geometric mean, steps");
  if (std::ranges::count(s.by_condition.steps, 0) > 0)
    streams::print("{}: no step of the windows is of this kind\n", analysis::document::nothing);
}

std::int64_t count_of(std::span<std::int64_t const> circle) {
  return circle.empty() ? 0 : *std::max_element(circle.begin(), circle.end()) + 1;
}

void draw(config::Trial const& trial, model::Predictor const& network, trial::TrialData const& data,
          std::int64_t seq_len, gates::Choice const& choice, gates::Statistics const& statistics,
          fs::path const& folder) {
  std::span<std::int64_t const> const circle = data.circle;
  auto const circles = count_of(circle);
  auto const rate = trial.data.sampling_rate;
  gates::draw_statistics(statistics, folder);
  progress::Count finished(std::ssize(choice.numbers), "sample");
  gates::for_each_sample(network, data.series(), seq_len, choice, [&](gates::Sample const& drawn) {
    auto sample = drawn;
    sample.x = sample.x.contiguous().clone();
    data.scaling.undo({sample.x.mutable_data_ptr<float>(), static_cast<std::size_t>(sample.x.numel())});
    auto const of_window =
        circle.empty() ? circle
                       : circle.subspan(static_cast<std::size_t>(sample.start), static_cast<std::size_t>(seq_len));
    auto const layer = [&](std::int64_t number) {
      gates::draw_layer(sample, static_cast<std::size_t>(number - 1), of_window, circles, folder, rate, data.labels());
    };
    if (trial.gates.layer) {
      layer(*trial.gates.layer);
    } else {
      gates::draw_summary(sample, of_window, circles, folder, rate, data.labels());
      layer(1);
      if (statistics.layers > 1) layer(statistics.layers);
    }
    finished.add();
  });
}

int run(GatesOptions& options) {
  if (options.keys.print_requested()) {
    auto const trial = as_trained(options.keys, options.checkpoint);
    streams::print("{}\n{}", config::section_to_toml(trial.data), config::section_to_toml(trial.gates));
    return static_cast<int>(errors::ExitCode::done);
  }
  choose_output_folder(options.run, [](auto const& folder) { require_replaceable(folder / "gates.h5"); });
  auto const trained = read_trained(options.keys, options.checkpoint);
  auto const& trial = trained.trial;
  auto const& loaded = trained.loaded;
  require_memory_for(trial.data);
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
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
  auto const data = load_data(trained, threads, Windows::none);
  auto const& x = data.series();
  auto const choice = gates::choose_samples(data.steps(), seq_len, trial.gates);
  auto const whole = trial::whole_windows(x, data.segments, data.circle, data.phase, seq_len);
  stage.emplace(statistics_stage);
  constexpr std::int64_t skipped_share = 8;
  auto const statistics =
      gates::gate_statistics(*predictor, loaded.network, whole.series, {whole.circle, data.process.period},
                             {seq_len, trial.gates.skip.value_or(seq_len / skipped_share), trial.gates.around});
  if (data.circle.empty())
    streams::log("note: no statistics around switches ({}).\n",
                 data.generated ? "the series does not record which circle is visited"
                                : "the recording has no labels; --labels names an array of them");
  std::optional<gates::SignalMaps> maps;
  if (trial.gates.umap) {
    stage.emplace(umap_stage);
    maps = gates::map_signals(*predictor, whole.series, seq_len, trial.gates, threads);
  }
  stage.emplace("signals");
  fs::path const folder = options.run.out;
  auto const file = folder / "gates.h5";
  gates::write_gates(file, *predictor, x, choice, statistics, trial.gates,
                     {options.checkpoint, trial.data.path, seq_len,
                      provenance::run_facts(device, threads, backend::gpu_of(device)), trial.data.sampling_rate},
                     maps ? &*maps : nullptr, whole.circle);
  print(statistics);
  streams::print("{}\n", file.string());
  if (options.figures) {
    stage.emplace(figures_stage);
    draw(trial, *predictor, data, seq_len, choice, statistics, folder);
    if (maps) gates::draw_signal_maps(*maps, whole.circle, count_of(whole.circle), folder, data.labels());
  }
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_gates(CLI::App& app) {
  auto const options = std::make_shared<GatesOptions>(app);
  add_checkpoint_flag(app, options->checkpoint);
  add_window_flag(app, options->seq_len);
  options->keys.section<config::Gates>().section<config::Data>();
  add_run_flags(app, options->run, "gates", "folder for gates.h5 and the figures");
  add_figures_flag(app, options->figures);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
