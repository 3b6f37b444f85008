#include "analysis/collate/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <sstream>

#include "errors/errors.hpp"
#include "generated/commit.hpp"

namespace mambasynth::analysis::collate {

namespace {

std::string version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("mambasynth-collate {}\ncommit {}{}\nbuild type {}\nHDF5 {}.{}.{}\n", MAMBASYNTH_VERSION,
                     mambasynth::version::commit, mambasynth::version::dirty ? " with uncommitted changes" : "",
                     MAMBASYNTH_BUILD_TYPE, major, minor, release);
}

/// The words of "a,b", each one of `known`.
std::set<std::string> words(std::string const& flag, std::string const& text, std::vector<std::string> const& known) {
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

/// The words of "a,b". Which measures there are is known once the trials are read.
std::vector<std::string> measures_of(std::string const& text) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');)
    if (!name.empty()) names.push_back(name);
  if (names.empty())
    throw errors::usage("--measure names nothing", "it takes names of measures, separated by commas",
                        "Name some as in table.csv, without _mean, or leave the flag out");
  return names;
}

}  // namespace

Parsed parse_options(int argc, char const* const* argv) {
  CLI::App app("Trials of sweeps as one table: means, standard deviations and 95 % confidence intervals over seeds.",
               "mambasynth-collate");
  app.footer(
      "Markdown goes to stdout, every measure to OUT/table.csv, the trials' similarity to OUT/similarity.csv.\n"
      "Exit codes: 0 complete, 4 trials are missing, failed or diverged, or a cell has no value to show, 2 a refused\n"
      "mixture or wrong usage, 3 no readable trial, 1 anything else (e.g. OUT cannot be written).");
  Options options;
  std::string format = "md,csv";
  std::string allow_mixed, measures;
  bool wants_version = false;
  app.add_option("DIR", options.folders, "folders that `mambasynth sweep --out` or `mambasynth train --out` wrote");
  app.add_option("--out", options.out, "folder of table.csv and the figures [default: the first DIR]")
      ->type_name("OUT");
  app.add_option("--format", format, "what to write: md (Markdown on stdout), csv (OUT/table.csv, OUT/similarity.csv)")
      ->type_name("WHAT")
      ->capture_default_str();
  app.add_option("--measure", measures,
                 "measures that the table on stdout shows, as in table.csv without _mean, e.g. test_mse,test_mse.h1 "
                 "[default: test MSE, its excess, dimension of the last layer, time, within 100 columns]")
      ->type_name("NAME,...");
  app.add_option("--allow-mixed", allow_mixed,
                 "allow one table to mix trials that differ in code, data or device, or to average trials whose "
                 "configurations differ outside the axes: any of code,data,device,configuration")
      ->type_name("WHAT");
  app.add_flag(
      "--figures,!--no-figures", options.figures,
      "draw OUT/sweep_*.svg and .png: summary, dimension, errors, training, probes, similarity (needs gnuplot)");
  app.add_flag("--version", wants_version, "print version, commit, build type and HDF5 version");

  try {
    app.parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    return {{}, app.help()};
  } catch (CLI::ExtrasError const&) {
    auto const unknown = app.remaining().front();
    auto const near =
        errors::nearest(unknown, std::vector<std::string>{"--out", "--format", "--measure", "--allow-mixed",
                                                          "--figures", "--no-figures", "--help", "--version"});
    throw errors::usage("unknown flag '" + unknown + "'", "mambasynth-collate has no such flag",
                        near.empty() ? "See mambasynth-collate --help" : "Perhaps '" + near + "' was meant");
  } catch (CLI::ParseError const& error) {
    throw errors::usage("the command line cannot be read", error.what(), "See mambasynth-collate --help");
  }
  if (wants_version) return {{}, version()};
  if (options.folders.empty()) {
    throw errors::usage("no folder named", "there is nothing to collate", "Use mambasynth-collate DIR..., see --help");
  }
  // From a shell variable that is not set.
  if ((app.count("--out") > 0 && options.out.empty()) ||
      std::find(options.folders.begin(), options.folders.end(), "") != options.folders.end())
    throw errors::usage(app.count("--out") > 0 && options.out.empty() ? "--out is empty" : "DIR is empty",
                        "it names a folder", "Give a path, or leave it out; a shell variable may not be set");
  if (options.out.empty()) options.out = options.folders.front();
  auto const formats = words("--format", format, {"md", "csv"});
  options.markdown = formats.contains("md");
  options.csv = formats.contains("csv");
  if (app.count("--measure") > 0) options.measures = measures_of(measures);
  if (app.count("--allow-mixed") > 0) {
    auto const allowed = words("--allow-mixed", allow_mixed, {"code", "data", "device", "configuration"});
    for (auto const what : all_shared) {
      if (allowed.contains(name_of(what))) options.allow_mixed.insert(what);
    }
    options.average_experiments = allowed.contains("configuration");
  }
  return {options, std::nullopt};
}

}  // namespace mambasynth::analysis::collate
