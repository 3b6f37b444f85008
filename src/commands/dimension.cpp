#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <new>
#include <string>

#include "backend/backend.hpp"
#include "commands/flags.hpp"
#include "commands/output_files.hpp"
#include "commands/verb.hpp"
#include "dimension/array.hpp"
#include "dimension/dimension_file.hpp"
#include "dimension/figures.hpp"
#include "dimension/measure.hpp"
#include "errors/errors.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

struct DimensionOptions {
  explicit DimensionOptions(CLI::App& app) : keys(app, "dimension") {}
  TrialFlags keys;
  RunFlags run;
  bool figures = true;
};

std::string in_words(analysis::dimension::Estimate const& estimate) {
  if (!std::isfinite(estimate.value)) return "-";
  auto text = fmt::format("{:.3f}", estimate.value);
  if (std::isfinite(estimate.se)) text += fmt::format(" +- {:.3f}", estimate.se);
  if (std::isfinite(estimate.se_blocks)) text += fmt::format(" ({:.3f})", estimate.se_blocks);
  return text;
}

void print(dimension::Measured const& measured) {
  auto const& all = measured.all;
  auto const unit = measured.noise_distance() > 0 ? measured.noise_distance() : 1;
  streams::print("{}: {} of {} rows, {} dimensions, {} with a copy\n", measured.array, measured.points, measured.rows,
                 measured.dims, all.duplicates);
  streams::print(
      "nominal error (a lower bound), in brackets the error by stretches of time; distances in {}\n\n",
      measured.noise > 0 ? fmt::format("units of the noise ({:.4g})", unit) : std::string("the data's own units"));
  streams::print("{:<6} {:>9} {:>24} {:>24} {:>24}\n", "k", "distance", "Levina-Bickel", "MacKay-Ghahramani",
                 "LB, original's form");
  for (std::size_t i = 0; i < all.k.size(); ++i)
    streams::print("{:<6} {:>9.4g} {:>24} {:>24} {:>24}\n", all.k[i], all.distance_k[i] / unit,
                   in_words(all.levina_bickel[i]), in_words(all.mackay_ghahramani[i]),
                   in_words(all.levina_bickel_original[i]));
  streams::print("\nTwoNN  maximum likelihood {}, least squares {}\n", in_words(all.two_nn_ml),
                 in_words(all.two_nn_ls));
  streams::print("\n{:<6} {:>9} {:>24}\n", "n1", "distance", "Gride");
  for (std::size_t i = 0; i < all.n1.size(); ++i)
    streams::print("{:<6} {:>9.4g} {:>24}{}\n", all.n1[i], all.distance_n1[i] / unit, in_words(all.gride[i]),
                   all.plateau && i >= all.plateau->first && i <= all.plateau->last ? "  plateau" : "");
  for (std::size_t i = 0; i < measured.radii.size(); ++i)
    streams::print("{}{:<6} {:>34}\n", i == 0 ? "\nradius                     binomial\n" : "", measured.radii[i],
                   in_words(measured.binomial[i]));
  auto const& fci = measured.correlation;
  for (std::size_t i = 0; i < fci.k.size(); ++i)
    streams::print("{}{:<6} {:>34} {:>8.4f}\n", i == 0 ? "\npatch              full correlation     misfit\n" : "",
                   fci.k[i], in_words({fci.dimension[i], fci.se[i], fci.se_blocks[i]}), fci.residual[i]);
}

void print_groups(dimension::Measured const& measured) {
  if (measured.groups.empty()) return;
  streams::print("\n{:<10} {:>8}", measured.labels_name == "circle_id" ? "circle" : "label", "rows");
  for (auto const k : measured.all.k) streams::print(" {:>9}", fmt::format("LB k={}", k));
  streams::print(" {:>9}\n", "TwoNN");
  for (auto const& group : measured.groups) {
    streams::print("{:<10} {:>8}", group.label, group.points);
    auto const& e = group.estimates;
    for (std::size_t i = 0; i < measured.all.k.size(); ++i)
      streams::print(" {:>9}", i < e.k.size() && std::isfinite(e.levina_bickel[i].value)
                                   ? fmt::format("{:.3f}", e.levina_bickel[i].value)
                                   : "n/a");
    streams::print(" {:>9}\n",
                   e.points > 0 && std::isfinite(e.two_nn_ml.value) ? fmt::format("{:.3f}", e.two_nn_ml.value) : "n/a");
  }
}

int run(DimensionOptions& options) {
  auto const trial = options.keys.resolve();
  auto const& config = trial.dimension;
  if (options.keys.print_requested()) {
    streams::print("{}", config::section_to_toml(config));
    return static_cast<int>(errors::ExitCode::done);
  }
  if (trial.data.path.empty())
    throw errors::usage("no data are named", "this verb measures an array in a file", "Name it with --data FILE");
  settle_out(options.run, [](auto const& folder) { require_replaceable(folder / "dimension.h5"); });
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
  auto const array = dimension::load_array(trial.data.path, {config.array, config.labels});
  auto const search =
      backend::neighbour_search(device, threads, [](std::string const& line) { streams::tell("{}\n", line); });
  auto const measured = [&] {
    try {
      return dimension::measure(array, config, threads, *search);
    } catch (std::bad_alloc const&) {
      throw errors::machine("memory ran out",
                            fmt::format("the array has {} rows of {} dimensions", array.points, array.dims),
                            "Draw some of the rows with --points");
    }
  }();
  std::filesystem::path const folder = options.run.out;
  auto const file = folder / "dimension.h5";
  dimension::write_dimension(file, measured, config, provenance::run_facts(device, threads, backend::gpu_of(device)));
  if (options.figures && dimension::draw_dimension(measured, folder) == analysis::plot::Outcome::gnuplot_missing)
    streams::tell("{}\n", analysis::plot::gnuplot_missing_note(folder));
  print(measured);
  print_groups(measured);
  streams::print("\n{}\n", file.string());
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_dimension(CLI::App& app) {
  auto const options = std::make_shared<DimensionOptions>(app);
  app.add_option_function<std::string>(
         "--data,--data-dir",
         [options](std::string const& path) { options->keys.set_from_flag("data.path", path, "--data"); },
         "the rows: a series or its folder, .npy, .npz or HDF5")
      ->type_name("FILE");
  options->keys.section<config::Dimension>();
  add_run_flags(app, options->run, "dimension", "folder of dimension.h5 and the figure");
  app.add_flag("--figures,!--no-figures", options->figures, "draw the figure (needs gnuplot)");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
