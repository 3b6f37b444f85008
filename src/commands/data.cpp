#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "analysis/figures/series_figures.hpp"
#include "commands/flags.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "series/summary.hpp"
#include "series/write_files.hpp"

namespace mambasynth::commands {
namespace {

struct Options {
  explicit Options(CLI::App& app) : keys(app, "data") {}
  TrialFlags keys;
  RunFlags run;
  std::vector<std::string> formats;
  bool figures = true;
  bool no_umap = false;
};

series::Formats formats_of(Options const& options, std::int64_t n_steps) {
  if (options.formats.empty()) return series::Formats::by_default(n_steps);
  series::Formats formats{false, false};
  for (auto const& format : options.formats) (format == "h5" ? formats.h5 : formats.npz) = true;
  return formats;
}

int run(Options const& options) {
  auto const trial = options.keys.resolve();
  auto const& data = trial.data;
  if (options.keys.print_requested()) {
    fmt::print("{}", config::section_to_toml(data));
    return static_cast<int>(errors::ExitCode::done);
  }
  if (!data.path.empty())
    throw errors::usage("data.path is set", "this verb generates a series and reads none", "Remove it");
  if (options.no_umap) fmt::print(stderr, "note: --no-umap changes nothing (the figures have no UMAP panels).\n");
  std::int64_t reported = 0;
  constexpr std::int64_t report_every = 10'000'000;
  auto const digest = series::write_series(
      data, options.run.out,
      {.formats = formats_of(options, data.n_steps),
       .threads = thread_count(options.run),
       .progress = [&](std::int64_t done) {
         if (done - reported < report_every) return;
         reported = done;
         fmt::print(stderr, "{} of {} steps\n", done, data.n_steps);
       }});
  if (options.figures && figures::draw_series(digest, options.run.out) == figures::Outcome::gnuplot_missing)
    fmt::print(stderr, "{}\n", figures::gnuplot_missing_note(options.run.out));
  auto const megabytes = static_cast<double>(data.n_steps * data.ambient_dim) * sizeof(double) / 1e6;
  fmt::print("{}: X {:.1f} MB\n{}", options.run.out, megabytes, series::summary(digest));
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_data(CLI::App& app) {
  auto const options = std::make_shared<Options>(app);
  options->keys.section<config::Data>();
  add_run_flags(app, options->run, "data", "folder of data.npz, config.json and series.h5");
  app.add_option("--format", options->formats, "h5, npz or both [default: both up to 10^7 steps, h5 above]")
      ->delimiter(',')
      ->type_name("")
      ->check(CLI::IsMember({"h5", "npz"}));
  app.add_flag("--figures,!--no-figures", options->figures, "draw the figures (needs gnuplot)");
  app.add_flag("--no-umap", options->no_umap, "accepted for the original's sake, changes nothing");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
