#include <ATen/ATen.h>
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "analysis/trial_file/layer_figures.hpp"
#include "backend/backend.hpp"
#include "commands/checkpoint_flag.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/trained_network.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "evaluate/activations_file.hpp"
#include "evaluate/evaluation.hpp"
#include "evaluate/evaluation_file.hpp"
#include "evaluate/report.hpp"
#include "help/command_line.hpp"
#include "model/state_dict.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "provenance/run.hpp"
#include "streams/streams.hpp"
#include "trial/data.hpp"
#include "trial/horizon_errors.hpp"
#include "trial/pipeline.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

constexpr char const *errors_stage = "errors", *activations_stage = "writing activations";

struct EvaluateOptions {
  explicit EvaluateOptions(CLI::App& app) : keys(app, "evaluate") {}
  TrialFlags keys;
  RunFlags run;
  std::string checkpoint;
  std::int64_t seq_len = 0;
  std::vector<std::string> layers;
  bool no_lb = false, no_errors = false, figures = true, per_layer = false;
};

/// Parses --layers as in the original: input, output and layer numbers from 1. Panels that do not exist are skipped
/// with a warning; if none remains, all are used.
std::vector<std::string> chosen_panels(std::vector<std::string> const& words, std::int64_t n_layers) {
  auto const known = evaluate::panel_names(n_layers);
  std::vector<std::string> panels;
  for (auto const& word : words) {
    auto const panel = word == "input" || word == "output" ? word : "layer_" + word;
    if (std::find(panels.begin(), panels.end(), panel) != panels.end()) continue;
    if (std::find(known.begin(), known.end(), panel) != known.end()) panels.push_back(panel);
    else streams::log("warning: --layers {} is ignored (the model has input, 1 to {} and output).\n", word, n_layers);
  }
  return panels;
}

/// The network before training, as a control.
std::optional<model::Network> initial_network(model::LoadedNetwork const& loaded, config::Evaluate const& config) {
  if (!config.controls) return {};
  if (auto const seed = training_seed(loaded.file))
    return model::untrained_network(loaded.network.config(), loaded.network.channels(), *seed);
  streams::log("note: the untrained control is omitted (the checkpoint does not record its seed).\n");
  return {};
}

void draw(evaluate::Evaluation const& e, bool per_layer, analysis::plot::Labels labels, fs::path const& folder) {
  auto const& layers = e.measures.layers;
  if (!e.measures.dimension.empty()) analysis::trial_file::draw_dimension_by_layer(e.measures, e.controls, folder);
  if (!e.measures.activation.empty()) analysis::trial_file::draw_spectrum(e.measures, folder);
  if (!e.probes.targets.empty()) analysis::trial_file::draw_probes(layers, e.probes, folder, labels);
  if (!e.similarity.cka.empty() || !e.similarity.neighbour_overlap.empty())
    analysis::trial_file::draw_similarity(layers, e.similarity, folder);
  if (!e.embeddings.panels.empty())
    analysis::trial_file::draw_layer_embeddings(e.measures, e.embeddings, per_layer, folder, labels);
}

/// Errors on the windows of the training's split, next to the smallest possible ones; none without such windows.
analysis::trial_file::HorizonErrors errors_by_horizon(model::Predictor const& network, config::Trial const& trial,
                                                      trial::TrialData const& data, int threads) {
  if (data.splits.val.count() == 0) return {};
  auto const to_stderr = [](std::string const& line) { streams::log("{}\n", line); };
  if (network.horizons().back() >= trial.train.seq_len) {
    to_stderr(fmt::format("note: no errors by horizon (a window of {} steps is too short for horizon {}).",
                          trial.train.seq_len, network.horizons().back()));
    return {};
  }
  auto measured = trial::measure_errors(network, data.splits);
  trial::add_bayes_errors(measured, trial, data, {}, threads, to_stderr);
  return std::move(measured.horizon);
}

void print_errors(analysis::trial_file::HorizonErrors const& errors, trial::TrialData const& data) {
  if (errors.horizon.empty()) return;
  streams::print("Mean squared error by horizon{}\n{}\n",
                 data.scaling.empty() ? "" : ", in squared standard deviations of the channels",
                 trial::table_of(errors));
  if (!data.generated) streams::log("note: no Bayes errors ({}).\n", data.foreign_reason);
  if (auto const shared = trial::overlapping_validation_windows(data.splits); shared > 0)
    streams::log("{}\n", trial::warning_of_overlap(shared, data.splits));
}

int run(EvaluateOptions& options) {
  if (options.keys.print_requested()) {
    auto const trial = as_trained(options.keys, options.checkpoint);
    streams::print("{}\n{}", config::section_to_toml(trial.data), config::section_to_toml(trial.evaluate));
    return static_cast<int>(errors::ExitCode::done);
  }
  choose_output_folder(options.run, [activations = options.keys.resolve().evaluate.activations](auto const& folder) {
    require_replaceable(folder / "evaluation.h5");
    if (activations) require_replaceable(folder / trial::activations_name);
  });
  auto trained = read_trained(options.keys, options.checkpoint);
  auto& trial = trained.trial;
  auto const& loaded = trained.loaded;
  trial.model = loaded.network.config();
  auto const seq_len = trial.train.seq_len = window_length(options.seq_len, loaded.file);
  require_memory_for(trial.data);
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
  evaluate::Choice choice{.panels = {}, .dimension = !options.no_lb, .embedding = trial.evaluate.umap != "off"};
  auto stages = evaluate::stages(trial.evaluate, choice);
  if (!options.no_errors) stages.insert(stages.begin(), errors_stage);
  stages.insert(stages.begin(), series_stage);
  if (trial.evaluate.activations) stages.emplace_back(activations_stage);
  if (options.figures) stages.emplace_back(figures_stage);
  progress::Display const display("evaluate", stages);
  std::optional<progress::Stage> stage(std::in_place, series_stage);
  auto const predictor = backend::predictor(device, loaded.network);
  auto const& network = *predictor;
  auto const data = load_data(trained, threads, options.no_errors ? Windows::none : Windows::if_possible);
  if (!options.no_errors) stage.emplace(errors_stage);
  auto const errors = errors_by_horizon(network, trial, data, threads);
  print_errors(errors, data);
  auto const whole = trial::whole_windows(data.series(), data.segments, data.circle, data.phase, seq_len);

  stage.reset();
  choice.panels = chosen_panels(options.layers, network.config().n_layers);
  auto const initial = initial_network(loaded, trial.evaluate);
  auto const untrained = initial ? backend::predictor(device, *initial) : nullptr;
  auto const to_stderr = [](std::string const& line) { streams::log("{}\n", line); };
  auto const search = backend::neighbor_search(device, threads, to_stderr);
  auto const evaluation = evaluate::evaluate({.network = network,
                                              .untrained = untrained.get(),
                                              .series = whole.series,
                                              .seq_len = seq_len,
                                              .truth = {whole.circle, whole.phase, &data.process, data.generated},
                                              .host = &loaded.network,
                                              .note = to_stderr,
                                              .search = search.get()},
                                             trial.evaluate, choice, threads);
  auto const labels = data.labels();
  fs::path const folder = options.run.out;
  evaluate::write_evaluation(folder / "evaluation.h5", evaluation,
                             {options.checkpoint, seq_len,
                              provenance::run_facts(device, threads, backend::gpu_of(device)), errors, data.scaling});
  if (trial.evaluate.activations) {
    stage.emplace(activations_stage);
    evaluate::write_activations(folder / trial::activations_name, network, whole.series, seq_len,
                                {whole.circle, whole.phase}, trial.evaluate.gates, {whole.starts, data.scaling});
  }
  if (options.figures) stage.emplace(figures_stage);
  streams::print("{}", evaluate::report(evaluation, analysis::plot::word_of(labels)));
  streams::print("{}\n", (folder / "evaluation.h5").string());
  if (options.figures) draw(evaluation, options.per_layer, labels, folder);
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_evaluate(CLI::App& app) {
  auto const options = std::make_shared<EvaluateOptions>(app);
  add_checkpoint_flag(app, options->checkpoint);
  add_window_flag(app, options->seq_len);
  app.add_option("--layers", options->layers, "input, layer numbers from 1, output")
      ->delimiter(',')
      ->type_name("LAYER,...")
      ->default_str("all")
      ->group(group::input);
  app.add_flag("--no-lb", options->no_lb, "omit the intrinsic dimension")->group(std::string(help::rare));
  app.add_flag("--no-errors", options->no_errors, "omit the errors by horizon")->group(std::string(help::rare));
  options->keys.section<config::Evaluate>().section<config::Data>();
  add_run_flags(app, options->run, "evaluation", "folder for evaluation.h5 and figures");
  add_figures_flag(app, options->figures);
  app.add_flag("--per-layer", options->per_layer, "one figure per panel's UMAP instead of a grid")
      ->group(std::string(help::rare));
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
