#include "analysis/collate/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "errors/errors.hpp"
#include "help/command_line.hpp"
#include "help/completion.hpp"
#include "help/manual.hpp"
#include "help/text.hpp"
#include "version/version.hpp"

namespace mambasynth::analysis::collate {

namespace {

std::string version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  auto const& source = mambasynth::version::source();
  return fmt::format("mambasynth-collate {}\ncommit {}{}\nbuild type {}\nHDF5 {}.{}.{}\n", source.number, source.commit,
                     source.dirty ? " with uncommitted changes" : "", MAMBASYNTH_BUILD_TYPE, major, minor, release);
}

/// The words that a flag takes, if it takes no others.
std::vector<std::string> words_of(std::string const& flag) {
  if (flag == "--format") return {"md", "csv", "json", "tex"};
  if (flag == "--show") return {"mean", "ci", "sd", "n"};
  if (flag == "--interval") return {"student", "bca", "iqm"};
  if (flag != "--allow-mixed") return {};
  std::vector<std::string> mixed;
  for (auto const what : all_shared) mixed.emplace_back(name_of(what));
  mixed.emplace_back("configuration");
  return mixed;
}

/// The words of "a,b", each one of those that the flag takes.
std::set<std::string> words(std::string const& flag, std::string const& text) {
  auto const known = words_of(flag);
  std::set<std::string> found;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) {
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      auto const near = errors::nearest(word, known);
      throw errors::usage(fmt::format("{} does not know '{}'", flag, word),
                          fmt::format("it takes {}, separated by commas", fmt::join(known, ", ")),
                          near.empty() ? "Choose among those" : "Perhaps '" + near + "' was meant");
    }
    found.insert(word);
  }
  if (found.empty()) {
    throw errors::usage(flag + " names nothing",
                        fmt::format("it takes {}, separated by commas", fmt::join(known, ", ")),
                        "Choose among those or leave the flag out");
  }
  return found;
}

/// The words of "a,b". Which names there are is known once the trials are read.
std::vector<std::string> names_in(std::string const& flag, std::string const& text, std::string const& remedy) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');)
    if (!name.empty()) names.push_back(name);
  if (names.empty()) throw errors::usage(flag + " names nothing", "it takes names, separated by commas", remedy);
  return names;
}

constexpr char const* axis_remedy = "Name axes, or measure, layer, horizon, k, or leave the flag out";

statistics::Method method_of(std::string const& text) {
  auto const word = words("--interval", text);
  if (word.size() > 1)
    throw errors::usage("--interval takes one word", "a table has one kind of interval", "Choose student, bca, or iqm");
  return *word.begin() == "student" ? statistics::Method::student
         : *word.begin() == "bca"   ? statistics::Method::bca
                                    : statistics::Method::iqm;
}

document::Shows shows_of(std::string const& text) {
  auto const parts = words("--show", text);
  return {.mean = parts.contains("mean"),
          .interval = parts.contains("ci"),
          .sd = parts.contains("sd"),
          .n = parts.contains("n")};
}

constexpr char const* choosing = "Trials and measures";
constexpr char const* table_group = "Table";
constexpr char const* files_group = "Output";

constexpr char const* closing_notes =
    "Files in OUT: table.csv (a row a cell, every measure), trials.csv (a row a trial), tidy.csv and tidy.h5 (a row a "
    "trial and measure), differences.csv, trends.csv, similarity.csv; table.json, table.tex, and pivot.csv (--rows, "
    "--cols) on request. Exit codes: 0 complete; 4 gaps; 2 refused mixture or wrong usage; 3 no readable trial; 1 "
    "anything else.";

help::Page page_of(CLI::App const& app) {
  help::Page page{.name = app.get_name(),
                  .sentence = app.get_description(),
                  .examples = {{"mambasynth-collate runs/gate_lr --where 'gate_lr_factor<=0.1 and seed!=42'", ""},
                               {"mambasynth-collate runs/gate_lr runs/horizons --report paper", ""}},
                  .groups = help::groups_of(app),
                  .notes = closing_notes};
  page.groups.front().options.front().required = true;  // not in CLI11, because --version needs no folder
  for (auto& group : page.groups)
    for (auto& option : group.options)
      if (!option.names.empty()) option.choices = words_of(option.names.front());
  return page;
}

std::string manual_of(help::Page const& page) {
  auto const& source = mambasynth::version::source();
  return help::to_roff(page,
                       {.version = std::string(source.number), .date = std::string(source.date), .exit_codes = {}},
                       {"mambasynth", "mambasynth-sweep", "mambasynth-status"});
}

std::string completion_of(help::Page const& page, std::string const& shell) {
  return help::completion_script(shell, {.name = page.name, .verbs = {}, .options = help::completed_options(page)});
}

}  // namespace

Parsed parse_options(int argc, char const* const* argv) {
  CLI::App app("Trials of sweeps as tables: means and 95 % confidence intervals over seeds.", "mambasynth-collate");
  Options options;
  std::string format = "md,csv", show = "mean,ci", interval = "student";
  std::string allow_mixed, measures, rows, cols;
  std::vector<std::string> where;
  bool wants_version = false;
  app.add_option("DIR", options.folders, "folders of `mambasynth sweep` or `train`")->type_name("DIR");
  app.add_option("--measure", measures, "measures to show, as in table.csv without _mean; * stands for anything")
      ->type_name("NAME,...")
      ->default_str("test MSE, excess, dimension, time")
      ->group(choosing);
  app.add_option("--where", where,
                 "trials to use: KEY = != < <= > >= VALUE, joined by and. KEY: axis, seed, state, any key of the "
                 "configuration; or of measures: measure, layer, horizon, k, n1, target")
      ->type_name("EXPR")
      ->expected(1)
      ->take_all()
      ->group(choosing);
  app.add_option("--allow-mixed", allow_mixed,
                 "mix trials that differ in code, data, device, precision or threads; or average over differing keys "
                 "that are not axes (configuration)")
      ->type_name("WHAT,...")
      ->group(choosing);
  app.add_option("--rows", rows, "axes, measure, layer, horizon, k: down the table")
      ->type_name("NAME,...")
      ->group(table_group);
  app.add_option("--cols", cols, "the same, across the table")->type_name("NAME,...")->group(table_group);
  app.add_option("--sort", options.sort, "order by an axis or a measure; -NAME: descending")
      ->type_name("NAME")
      ->group(table_group);
  app.add_option("--show", show, "in a cell: mean, ci, sd, n")
      ->type_name("WHAT,...")
      ->default_str(show)
      ->group(table_group);
  app.add_option("--interval", interval, "iqm: interquartile mean with a bootstrap")
      ->type_name("student|bca|iqm")
      ->default_str(interval)
      ->group(table_group);
  app.add_option("--out", options.out, "folder of the files")
      ->type_name("OUT")
      ->default_str("the first DIR")
      ->group(files_group);
  app.add_option("--format", format, "of md (to stdout), csv, json, tex")
      ->type_name("WHAT,...")
      ->default_str(format)
      ->group(files_group);
  app.add_flag("--figures,!--no-figures", options.figures, "draw OUT/sweep_*.svg, .png, .pdf (needs gnuplot)")
      ->default_str(options.figures ? "true" : "false")
      ->group(files_group);
  app.add_option("--report", options.report, "report.html, report.md, tables, figures")
      ->type_name("FOLDER")
      ->group(files_group);
  app.add_flag("--version", wants_version, "print version, commit, build type and HDF5 version")->group(files_group);
  // For installation, not in the help: the verbs completion and manual of mambasynth.
  std::string shell;
  bool wants_manual = false;
  app.add_option("--completion", shell)->group("");
  app.add_flag("--manual", wants_manual)->group("");
  app.set_help_flag("-h,--help,--help-all", "print this help");

  try {
    app.parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    return {{}, help::to_text(page_of(app), help::Extent::common)};
  } catch (CLI::ExtrasError const&) {
    auto const unknown = app.remaining().front();
    auto const near = errors::nearest(
        unknown, std::vector<std::string>{"--out", "--format", "--measure", "--where", "--rows", "--cols", "--report",
                                          "--sort", "--show", "--interval", "--allow-mixed", "--figures",
                                          "--no-figures", "--help", "--help-all", "--version"});
    throw errors::usage("unknown flag '" + unknown + "'", "mambasynth-collate has no such flag",
                        near.empty() ? "See mambasynth-collate --help" : "Perhaps '" + near + "' was meant");
  } catch (CLI::ParseError const& error) {
    throw errors::usage("the command line cannot be read", error.what(), "See mambasynth-collate --help");
  }
  if (wants_version) return {{}, version()};
  if (wants_manual) return {{}, manual_of(page_of(app))};
  if (app.count("--completion") > 0) return {{}, completion_of(page_of(app), shell)};
  if (options.folders.empty()) {
    throw errors::usage("no folder named", "there is nothing to collate", "Use mambasynth-collate DIR..., see --help");
  }
  // From a shell variable that is not set.
  if ((app.count("--out") > 0 && options.out.empty()) ||
      std::find(options.folders.begin(), options.folders.end(), "") != options.folders.end())
    throw errors::usage(app.count("--out") > 0 && options.out.empty() ? "--out is empty" : "DIR is empty",
                        "it names a folder", "Give a path, or leave it out; a shell variable may not be set");
  if (app.count("--report") > 0 && options.report.empty())
    throw errors::usage("--report is empty", "it names a folder",
                        "Give a path, or leave it out; a shell variable may not be set");
  if (options.out.empty()) options.out = options.folders.front();
  auto const formats = words("--format", format);
  options.markdown = formats.contains("md");
  options.csv = formats.contains("csv");
  options.json = formats.contains("json");
  options.latex = formats.contains("tex");
  if (app.count("--measure") > 0)
    options.measures =
        names_in("--measure", measures, "Name some as in table.csv, without _mean, or leave the flag out");
  for (auto const& expression : where)
    for (auto& condition : parse_where(expression)) options.where.push_back(std::move(condition));
  if (app.count("--rows") > 0) options.arrangement.rows = names_in("--rows", rows, axis_remedy);
  if (app.count("--cols") > 0) options.arrangement.cols = names_in("--cols", cols, axis_remedy);
  options.shows = shows_of(show);
  options.interval = method_of(interval);
  if (app.count("--allow-mixed") > 0) {
    auto const allowed = words("--allow-mixed", allow_mixed);
    for (auto const what : all_shared) {
      if (allowed.contains(name_of(what))) options.allow_mixed.insert(what);
    }
    options.average_experiments = allowed.contains("configuration");
  }
  return {options, std::nullopt};
}

}  // namespace mambasynth::analysis::collate
