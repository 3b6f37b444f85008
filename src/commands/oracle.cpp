#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>

#include "commands/chosen_data.hpp"
#include "commands/flags.hpp"
#include "commands/memory.hpp"
#include "commands/output_files.hpp"
#include "commands/stages.hpp"
#include "commands/verb.hpp"
#include "errors/errors.hpp"
#include "oracle/oracle_file.hpp"
#include "oracle/posterior_file.hpp"
#include "oracle/run.hpp"
#include "parallel/group.hpp"
#include "parallel/session.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "provenance/run.hpp"
#include "series/load.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

constexpr char const* filter_stage = "filter";

struct OracleOptions {
  explicit OracleOptions(CLI::App& app) : keys(app, "oracle") {}
  TrialFlags keys;
  RunFlags run;
};

/// Loads the steps that a rank needs of a series with a known generator.
series::SeriesPart known_series(config::Data const& data, series::WantedSteps const& wanted, int threads) {
  if (data.path.empty()) return series::generate_part(data, wanted, threads);
  auto part = series::load_part(series::DataFile(data), wanted, threads);
  if (!part.source.generated)
    throw errors::input(part.source.file.string() + " has no oracle", part.source.reason,
                        part.source.file.extension() == ".npz" || part.source.file.extension() == ".h5"
                            ? "The filter needs the generator's configuration: put the config.json that generated "
                              "data.npz next to it"
                            : "The filter needs the generator's configuration, which a recording does not have");
  return part;
}

std::vector<std::int64_t> ascending(config::Integers horizons, std::int64_t n_steps) {
  std::sort(horizons.begin(), horizons.end());
  horizons.erase(std::unique(horizons.begin(), horizons.end()), horizons.end());
  if (horizons.empty() || horizons.back() >= n_steps)
    throw errors::usage(horizons.empty() ? "oracle.horizons is empty"
                                         : fmt::format("oracle.horizons = {} is not below the series' {} steps",
                                                       horizons.back(), n_steps),
                        "no step could be predicted", "Use shorter horizons or a longer series");
  return horizons;
}

void print(oracle::Summary const& s) {
  streams::print("{:>7} {:>11} {:>8} {:>10} {:>8} {:>10} {:>8} {:>8} {:>13}\n", "horizon", "Bayes MSE", "s.e.",
                 "switch", "s.e.", "stay", "s.e.", "switches", "entropy (nat)");
  for (std::size_t h = 0; h < s.horizon.size(); ++h)
    streams::print("{:>7} {:>11.6f} {:>8.4f} {:>10.4f} {:>8.4f} {:>10.4f} {:>8.4f} {:>8.4f} {:>13.6f}\n", s.horizon[h],
                   s.mse[h], s.mse_se[h], s.mse_switch[h], s.mse_switch_se[h], s.mse_stay[h], s.mse_stay_se[h],
                   s.switch_share[h], s.circle_entropy[h]);
  streams::print("entropy of the next visit's circle: {:.6f} nat\n", s.next_circle_entropy);
}

/// One file, or one per rank with that rank's steps.
std::string posterior_name(parallel::Group const& group) {
  return group.size() == 1 ? "posterior.h5" : fmt::format("posterior_{:04}.h5", group.rank());
}

int filter(config::Trial const& trial, std::string const& note, RunFlags const& flags, int threads,
           parallel::Group& group) {
  if (group.is_root() && !note.empty()) streams::log("{}\n", note);
  require_memory_for(trial.data, group.size());
  auto settings = trial.oracle;
  fs::path const folder = flags.out;
  progress::Display const display("oracle", {series_stage, filter_stage});
  std::optional<progress::Stage> stage(std::in_place, series_stage);
  if (group.is_root()) store::require_writable_folder(folder);
  if (group.is_root()) require_replaceable(folder / "oracle.h5");
  oracle::Range share;
  auto const series = known_series(
      trial.data,
      [&](std::int64_t n_steps) {
        settings.horizons = ascending(settings.horizons, n_steps);
        share = oracle::share_of_steps(n_steps, group.rank(), group.size());
        auto const needed = oracle::needed_steps(share, settings.burn_in, settings.horizons.back(), n_steps);
        return std::pair(needed.first, needed.last);
      },
      threads);
  oracle::HiddenProcess const hidden(series::make_process(series.source.data));
  auto const visit = oracle::visits_of(series.circle);
  if (group.is_root())
    streams::log("{} hidden states, {} steps{}\n", hidden.states(), series.n_steps,
                 group.size() == 1 ? "" : fmt::format(", {} ranks", group.size()));

  std::optional<oracle::PosteriorFile> posterior;
  oracle::EachStep each;
  bool const step_by_step = settings.posteriors || settings.elapsed;
  if (step_by_step && share.first < share.last) {
    posterior.emplace(folder / posterior_name(group), hidden, settings.horizons, settings.elapsed);
    each = [&](auto t, auto const& filter, auto const& forecast) { posterior->add(t, filter, forecast); };
  }
  stage.emplace(filter_stage);
  oracle::Score score(settings.horizons, series.n_steps);
  oracle::run_share(hidden, {series.n_steps, series.first, series.x, visit}, share,
                    {settings.block, settings.burn_in, threads}, score, each, settings.elapsed);
  if (posterior) posterior->close();
  stage.reset();
  group.all_reduce(score.sums());
  if (!group.is_root()) return static_cast<int>(errors::ExitCode::done);

  auto const summary = score.summary();
  auto facts = provenance::run_facts("cpu", threads, {});
  facts.emplace_back("data", trial.data.path);
  facts.emplace_back("data_hash", series.source.sha256);
  facts.emplace_back("data_configuration", config::section_to_toml(series.source.data));
  oracle::write_oracle(folder / "oracle.h5", summary, hidden, settings, {series.n_steps, group.size(), facts});
  print(summary);
  streams::print("{}\n", (folder / "oracle.h5").string());
  if (step_by_step) streams::print("{}\n", (folder / (group.size() == 1 ? "posterior.h5" : "posterior_*.h5")).string());
  return static_cast<int>(errors::ExitCode::done);
}

int run(OracleOptions const& options) {
  auto trial = options.keys.resolve();
  if (options.keys.print_requested()) {
    streams::print("{}\n{}", config::section_to_toml(trial.data), config::section_to_toml(trial.oracle));
    return static_cast<int>(errors::ExitCode::done);
  }
  auto const note = use_data_here(trial.data, options.keys.given());
  // Ranks synchronize only once, at the end; their parts take about equally long.
  constexpr double patience = 24 * 3600, grace = 30;
  parallel::Session session;
  return session.run(
      [&] {
        std::vector<int> ranks(static_cast<std::size_t>(session.world().size()));
        std::iota(ranks.begin(), ranks.end(), 0);
        parallel::Group group(session.world(), ranks, 0, patience);
        return parallel::run_or_notify(
            group, [&] { return filter(trial, note, options.run, thread_count(options.run, session.world()), group); });
      },
      grace);
}

}  // namespace

Action declare_oracle(CLI::App& app) {
  auto const options = std::make_shared<OracleOptions>(app);
  options->keys.section<config::Oracle>().section<config::Data>();
  add_run_flags(app, options->run, "oracle", "folder for oracle.h5 and posterior.h5");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
