#include "analysis/collate/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "analysis/collate/differences.hpp"
#include "analysis/collate/dose_response.hpp"
#include "analysis/collate/experiments.hpp"
#include "analysis/collate/figures.hpp"
#include "analysis/collate/markdown.hpp"
#include "analysis/collate/options.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/collate/shown_table.hpp"
#include "analysis/collate/sorted_cells.hpp"
#include "analysis/collate/tidy.hpp"
#include "analysis/collate/trials_csv.hpp"
#include "analysis/collate/where.hpp"
#include "analysis/document/terminal.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"

namespace mambasynth::analysis::collate {

namespace {

SweepFolder read_all(Options const& options) {
  std::vector<SweepFolder> folders;
  for (auto const& folder : options.folders) folders.push_back(read_folder(folder));
  return merge(std::move(folders));
}

void warn(std::vector<std::string> const& warnings) {
  for (auto const& warning : warnings) streams::log("warning: {}\n", warning);
}

errors::ExitCode outcome_of(SweepFolder const& sweep, Table const& table, std::vector<std::string> const& measures) {
  bool const gaps = sweep.incomplete || shows_gap(table, measures) ||
                    std::any_of(sweep.trials.begin(), sweep.trials.end(),
                                [](auto const& trial) { return trial.outcome != Outcome::done; });
  return gaps ? errors::ExitCode::incomplete : errors::ExitCode::done;
}

/// Or removes the file: it is left over from trials that no longer exist.
void write_or_remove(std::filesystem::path const& file, std::optional<std::string> const& text) {
  if (text) store::write_atomically(file, *text);
  else std::filesystem::remove(file);
}

/// The exit code reports on the trials; figures that cannot be drawn only cause a warning.
void draw(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
          Differences const& differences, std::vector<std::string> const& measures,
          std::filesystem::path const& folder) {
  try {
    draw_sweep(table, sweep, similarity, differences, measures, folder);
  } catch (errors::Error const& error) {
    streams::log("warning: not all figures were drawn: {}\n", error.what());
  }
}

}  // namespace

errors::ExitCode run(int argc, char const* const* argv) {
  auto const [options, text] = parse_options(argc, argv);
  if (text) {
    streams::print_text(*text);
    return errors::ExitCode::done;
  }
  auto sweep = read_all(options);
  unify_values(sweep);
  warn(std::exchange(sweep.warnings, {}));
  auto const of_measures = keep_trials(sweep, options.where);
  refuse_mixtures(sweep, options.allow_mixed);
  tell_experiments_apart(sweep, options.average_experiments);
  warn_of_environments(sweep);
  warn(sweep.warnings);
  auto table = tabulate(sweep, options.interval);
  if (!options.sort.empty()) sort_cells(table, options.sort);
  auto const measures = shown_names(table, options, of_measures);
  warn(table.warnings);

  auto const similarity = compare_trials(table, sweep);
  auto const differences = compare_with_baseline(table, sweep, measures);
  auto const trends = dose_responses(table, sweep, measures);
  auto const shown = shown_table(table, differences, measures, options);

  // The table is printed even if table.csv cannot be written (no permission, a full disk).
  auto const file = options.out / "table.csv";
  std::exception_ptr not_written;
  try {
    if (options.csv) {
      write_csv(table, file);
      write_trials_csv(sweep, options.out / "trials.csv");
      write_tidy_csv(sweep, options.out / "tidy.csv");
      write_tidy_hdf5(sweep, options.out / "tidy.h5");
      write_or_remove(options.out / "similarity.csv",
                      similarity.layers.empty() ? std::nullopt : std::optional(to_csv(similarity, table)));
      write_or_remove(options.out / "differences.csv",
                      differences.rows.empty() ? std::nullopt : std::optional(to_csv(differences, table)));
      write_or_remove(options.out / "trends.csv", trends.empty() ? std::nullopt : std::optional(to_csv(trends, table)));
    }
    write_shown(shown, options);
  } catch (...) {
    not_written = std::current_exception();
  }
  if (options.markdown) {
    auto text = document::to_terminal(
        to_blocks(fitted(shown, table, measures, options), table, sweep, differences, similarity, options));
    if (options.csv && !not_written)
      text += "\nAll measures, with standard deviations and intervals: " + file.string() + "\n";
    streams::print_text(text);
  }
  if (not_written) std::rethrow_exception(not_written);

  bool const any =
      std::any_of(sweep.trials.begin(), sweep.trials.end(), [](auto const& trial) { return trial.result.has_value(); });
  if (!any) {
    throw errors::input(fmt::format("no readable trial in {}", options.folders.front().string()),
                        fmt::format("none of the {} planned has a trial.h5 that can be used", sweep.trials.size()),
                        "Run the sweep, or look at the reasons above");
  }
  if (options.figures) draw(table, sweep, similarity, differences, measures, options.out);
  return outcome_of(sweep, table, measures);
}

}  // namespace mambasynth::analysis::collate
