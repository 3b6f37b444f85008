#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "analysis/embedding/umap.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "help/command_line.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "series/figures.hpp"
#include "series/summary.hpp"
#include "series/write_files.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

struct DataOptions {
  explicit DataOptions(CLI::App& app) : keys(app, "data") {}
  TrialFlags keys;
  RunFlags run;
  std::vector<std::string> formats;
  bool figures = true;
  bool no_umap = false;

  [[nodiscard]] bool embeds() const { return figures && !no_umap; }
};

series::Formats formats_of(DataOptions const& options, std::int64_t n_steps) {
  if (options.formats.empty()) return series::Formats::by_default(n_steps);
  series::Formats formats{false, false};
  for (auto const& format : options.formats) (format == "h5" ? formats.h5 : formats.npz) = true;
  return formats;
}

/// Embeds the sampled steps in the plane, and estimates the dimension of the embedding.
class Embedded {
 public:
  Embedded(config::Data const& data, series::Digest const& digest, int threads) {
    auto const& sampled = digest.sampled();
    auto const points = static_cast<std::int64_t>(sampled.step.size());
    streams::log("embedding {} steps with UMAP (skip with --no-umap)\n", points);
    auto const start = std::chrono::steady_clock::now();
    umap_ = analysis::embedding::umap<double>(sampled.x, points, data.ambient_dim,
                                              {.neighbors = config::umap_neighbors,
                                               .min_dist = config::umap_min_dist,
                                               .seed = config::umap_seed,
                                               .threads = threads});
    streams::log("UMAP took {:.1f} s, {} start\n",
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                 analysis::embedding::name_of(umap_.start));
    shown_ = {.coordinates = umap_.coordinates,
              .subspace_dim = data.subspace_dim > 0 ? std::clamp<std::int64_t>(data.subspace_dim, 2, data.ambient_dim)
                                                    : data.ambient_dim,
              .estimator = analysis::dimension::levina_bickel_original.label()};
    for (auto const k : config::Evaluate{}.lb_k)
      if (k < points)
        shown_.dimension.emplace_back(
            k, analysis::dimension::levina_bickel_original(
                   analysis::neighbors::nearest_neighbors<float>(umap_.coordinates, points, 2, k, threads), k)
                   .value);
  }
  Embedded(Embedded const&) = delete;
  Embedded& operator=(Embedded const&) = delete;
  ~Embedded() = default;

  [[nodiscard]] series::SeriesEmbedding const& shown() const { return shown_; }
  void print() const {
    for (auto const& [k, estimate] : shown_.dimension)
      streams::print("intrinsic dimension of the UMAP embedding ({}), k = {}: {:.2f}\n", shown_.estimator, k, estimate);
  }

 private:
  analysis::embedding::Umap umap_;
  series::SeriesEmbedding shown_;
};

int run(DataOptions& options) {
  auto const trial = options.keys.resolve();
  auto const& data = trial.data;
  if (options.keys.print_requested()) {
    streams::print("{}", config::section_to_toml(data));
    return static_cast<int>(errors::ExitCode::done);
  }
  if (!data.path.empty())
    throw errors::usage("data.path is set", "this verb generates a series and does not read one", "Remove it");
  config::check_no_recording(data);
  require_memory_for_process(data);
  auto const formats = formats_of(options, data.n_steps);
  choose_output_folder(options.run, [&](auto const& folder) {
    if (formats.h5) require_replaceable(folder / "series.h5");
    if (formats.npz) require_replaceable_npz(folder);
  });
  auto const threads = thread_count(options.run);
  std::vector<std::string> stages{series_stage};
  if (formats.npz) stages.emplace_back(series::npz_stage);
  if (options.embeds()) stages.emplace_back(umap_stage);
  if (options.figures) stages.emplace_back(figures_stage);
  progress::Display const display("data", stages);
  std::optional<progress::Stage> stage(std::in_place, series_stage);
  auto const digest = series::write_series(
      data, options.run.out,
      {.formats = formats,
       .threads = threads,
       .sampled = options.embeds() ? series::steps_to_embed(data.n_steps, config::umap_points, config::umap_seed)
                                   : std::vector<std::int64_t>{}});
  std::optional<Embedded> embedded;
  if (options.embeds()) {
    stage.emplace(umap_stage);
    embedded.emplace(data, digest, threads);
  }
  if (options.figures) stage.emplace(figures_stage);
  if (options.figures)
    series::draw_series(digest, options.run.out, embedded ? &embedded->shown() : nullptr, data.sampling_rate);
  auto const megabytes = static_cast<double>(data.n_steps * data.ambient_dim) * sizeof(double) / 1e6;
  streams::print("{}: X {:.1f} MB\n{}", options.run.out, megabytes, series::summary(digest));
  if (embedded) embedded->print();
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_data(CLI::App& app) {
  auto const options = std::make_shared<DataOptions>(app);
  options->keys.section<config::Data>();
  app.get_option("--data")->group(std::string(help::rare));  // refused: this verb reads no series
  add_run_flags(app, options->run, "data", "folder for series.h5, data.npz, config.json");
  app.add_option("--format", options->formats, "files to write")
      ->delimiter(',')
      ->type_name("h5,npz")
      ->check(CLI::IsMember({"h5", "npz"}))
      ->default_str("both up to 10^7 steps, h5 above")
      ->group(group::output);
  add_figures_flag(app, options->figures);
  app.add_flag("--no-umap", options->no_umap, "omit UMAP from the figures; it takes about 15 s")->group(group::output);
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
