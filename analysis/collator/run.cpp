#include "analysis/collator/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/collate/collation.hpp"
#include "analysis/collate/data_files.hpp"
#include "analysis/collate/figures.hpp"
#include "analysis/collate/markdown.hpp"
#include "analysis/collate/options.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/collate/shown_table.hpp"
#include "analysis/document/terminal.hpp"
#include "analysis/report/answer.hpp"
#include "analysis/report/chapters.hpp"
#include "analysis/report/report.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"

namespace mambasynth::analysis::collator {

using namespace collate;

namespace {

constexpr char const *reading_stage = "trials", *table_stage = "table", *figures_stage = "figures",
                     *report_stage = "report";

bool has_result(SweepFolder const& sweep) {
  return std::any_of(sweep.trials.begin(), sweep.trials.end(),
                     [](auto const& trial) { return trial.result.has_value(); });
}

errors::ExitCode outcome_of(Collation const& collation) {
  auto const& trials = collation.sweep.trials;
  bool const gaps =
      collation.sweep.incomplete || shows_gap(collation.table, collation.measures) ||
      std::any_of(trials.begin(), trials.end(), [](auto const& trial) { return trial.outcome != Outcome::done; });
  return gaps ? errors::ExitCode::incomplete : errors::ExitCode::done;
}

/// Or removes the file: it is left over from trials that no longer exist.
void write_or_remove(std::filesystem::path const& file, std::optional<std::string> const& text) {
  if (text) store::write_atomically(file, *text);
  else std::filesystem::remove(file);
}

Collation read_into_table(std::vector<SweepFolder> folders, Options const& options) {
  progress::Stage const stage(table_stage);
  return tabulated(std::move(folders), options);
}

/// The exit code reports on the trials; figures that cannot be drawn only cause a warning.
void draw(Collation const& collation, std::filesystem::path const& folder) {
  progress::Stage const stage(figures_stage);
  try {
    draw_sweep(collation.table, collation.sweep, collation.similarity, collation.differences, folder);
  } catch (errors::Error const& error) {
    streams::log("warning: not all figures were drawn: {}\n", error.what());
  }
}

/// Prints the table and writes what the options ask for.
errors::ExitCode publish(Collation& collation, Options const& options) {
  std::optional<DataFiles> data;
  if (options.csv) data.emplace(collation.sweep, options.out);
  {
    progress::Stage const stage(table_stage);
    compare(collation);
  }
  auto const& [sweep, table, measures, similarity, differences, trends] = collation;
  auto const shown = shown_table(table, differences, measures, options);

  // The table is printed even if table.csv cannot be written (no permission, a full disk).
  auto const file = options.out / "table.csv";
  std::exception_ptr not_written;
  try {
    if (options.csv) {
      write_csv(table, file);
      write_or_remove(options.out / "similarity.csv",
                      similarity.layers.empty() ? std::nullopt : std::optional(to_csv(similarity, table)));
      write_or_remove(options.out / "differences.csv",
                      differences.rows.empty() ? std::nullopt : std::optional(to_csv(differences, table)));
      write_or_remove(options.out / "trends.csv", trends.empty() ? std::nullopt : std::optional(to_csv(trends, table)));
      data->finish();
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

  if (options.figures && has_result(sweep)) draw(collation, options.out);
  return outcome_of(collation);
}

/// After everything was written, which shows the trials' states.
void require_result(Collation const& collation) {
  auto const& trials = collation.sweep.trials;
  if (has_result(collation.sweep)) return;
  throw errors::input(fmt::format("no readable trial in {}", trials.front().folder.string()),
                      fmt::format("none of the {} planned has a trial.h5 that can be used: {}", trials.size(),
                                  report::completeness(collation.sweep)),
                      "Run the sweep, or look at the reasons above");
}

/// Different sweeps are chapters, each with its own table: averaging or comparing across them would mean nothing.
errors::ExitCode report(std::vector<SweepFolder> folders, Options const& options,
                        std::vector<std::string> const& command) {
  auto chapters = report::chapters_of(std::move(folders));
  auto outcome = errors::ExitCode::done;
  for (auto& chapter : chapters) {
    auto of_chapter = options;
    if (chapters.size() > 1) {
      of_chapter.out = options.out == options.folders.front() ? chapter.folders.front() : options.out / chapter.label;
      streams::print_text(fmt::format("{}{}:\n\n", &chapter == &chapters.front() ? "" : "\n", chapter.name));
    }
    chapter.collation = read_into_table(std::move(chapter.read), options);
    if (auto const of = publish(chapter.collation, of_chapter); of != errors::ExitCode::done) outcome = of;
  }
  progress::Stage const stage(report_stage);
  auto const page =
      report::write(chapters, {.folder = options.report, .command = command, .interval = options.interval});
  streams::print_text(fmt::format("\nThe report: {}\n", page.string()));
  if (std::none_of(chapters.begin(), chapters.end(),
                   [](auto const& chapter) { return has_result(chapter.collation.sweep); }))
    require_result(chapters.front().collation);
  return outcome;
}

}  // namespace

errors::ExitCode run(int argc, char const* const* argv) {
  auto const [options, text] = parse_options(argc, argv);
  if (text) {
    streams::print_text(*text);
    return errors::ExitCode::done;
  }
  std::vector<std::string> stages{reading_stage, table_stage};
  if (options.figures) stages.emplace_back(figures_stage);
  if (!options.report.empty()) stages.emplace_back(report_stage);
  progress::Display const display("collate", stages);
  std::vector<SweepFolder> folders;
  {
    progress::Stage const stage(reading_stage);
    for (auto const& folder : options.folders) folders.push_back(read_folder(folder));
  }
  if (!options.report.empty()) return report(std::move(folders), options, {argv, argv + argc});
  auto collation = read_into_table(std::move(folders), options);
  auto const outcome = publish(collation, options);
  require_result(collation);
  return outcome;
}

}  // namespace mambasynth::analysis::collator
