#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.hpp"
#include "commands/chosen_data.hpp"
#include "commands/flags.hpp"
#include "commands/output_files.hpp"
#include "commands/verb.hpp"
#include "dimension/array.hpp"
#include "dimension/dimension_file.hpp"
#include "dimension/figures.hpp"
#include "dimension/measure.hpp"
#include "dimension/report.hpp"
#include "errors/errors.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

struct DimensionOptions {
  explicit DimensionOptions(CLI::App& app) : keys(app, "dimension") {}
  TrialFlags keys;
  RunFlags run;
  bool figures = true;
};

int run(DimensionOptions& options) {
  auto trial = options.keys.resolve();
  auto const& config = trial.dimension;
  if (options.keys.print_requested()) {
    streams::print("{}", config::section_to_toml(config));
    return static_cast<int>(errors::ExitCode::done);
  }
  auto const note = use_data_here(trial.data, options.keys.given());
  if (trial.data.path.empty())
    throw errors::usage("no data given", "this verb measures an array in a file", "Give it with --data FILE");
  if (!note.empty()) streams::log("{}\n", note);
  choose_output_folder(options.run, [](auto const& folder) { require_replaceable(folder / "dimension.h5"); });
  auto const device = use_device(options.run);
  auto const threads = thread_count(options.run);
  std::vector<std::string> stages{"rows"};
  for (auto& name : dimension::stages(config)) stages.push_back(std::move(name));
  if (options.figures) stages.emplace_back("figure");
  progress::Display const display("dimension", stages);
  auto const array = [&] {
    progress::Stage const stage("rows");
    return dimension::load_array(trial.data.path, {config.array, config.labels});
  }();
  for (auto const& note : array.notes) streams::log("{}\n", note);
  auto const search =
      backend::neighbor_search(device, threads, [](std::string const& line) { streams::log("{}\n", line); });
  auto const measured = [&] {
    try {
      return dimension::measure(array, config, threads, *search);
    } catch (std::bad_alloc const&) {
      throw errors::machine("out of memory",
                            fmt::format("the array has {} rows of {} dimensions", array.points, array.dims),
                            "Use a sample of the rows with --points");
    }
  }();
  std::filesystem::path const folder = options.run.out;
  auto const file = folder / "dimension.h5";
  dimension::write_dimension(file, measured, config, provenance::run_facts(device, threads, backend::gpu_of(device)));
  if (options.figures) {
    progress::Stage const stage("figure");
    dimension::draw_dimension(measured, folder);
  }
  streams::print("{}", dimension::report(measured));
  streams::print("\n{}\n", file.string());
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_dimension(CLI::App& app) {
  auto const options = std::make_shared<DimensionOptions>(app);
  app.add_option_function<std::string>(
         "--data,--data-dir",
         [options](std::string const& path) { options->keys.set_from_flag("data.path", path, "--data"); },
         "file with the rows: a series (or its folder), .npy, .npz, HDF5 or CSV")
      ->type_name("FILE")
      ->group(group::input);
  options->keys.section<config::Dimension>();
  add_run_flags(app, options->run, "dimension", "folder for dimension.h5 and the figure");
  add_figures_flag(app, options->figures, "the figure");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
