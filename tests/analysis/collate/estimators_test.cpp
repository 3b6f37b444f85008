#include "analysis/dimension/estimators.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <set>

#include "analysis/collate/figures.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/collate/trials.hpp"
#include "analysis/trial_file/layer_figures.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"

// What loops over the table of estimators does so completely: one that a writer or a reader forgets would be missing
// from the results without a word.

using namespace mambasynth;
using namespace mambasynth::tests;
using analysis::dimension::Axis;
using analysis::dimension::estimators;
using Catch::Matchers::ContainsSubstring;
namespace layout = analysis::trial_file::trial_layout;

namespace {

/// The name of its measure of layer_1 at the first entry of its axis.
std::string measure_of(analysis::dimension::Estimator const& estimator) {
  auto const name = std::string(estimator.name) + ".layer_1";
  return estimator.axis == Axis::k ? name + ".k10" : estimator.axis == Axis::n1 ? name + ".n1" : name;
}

/// A sweep of this trial alone.
analysis::collate::SweepFolder sweep_of(std::filesystem::path const& file) {
  analysis::collate::SweepFolder sweep;
  sweep.axes = {"trial"};
  sweep.trials.push_back({.id = "0123456789ab",
                          .axes = {{"trial", "0123456789ab"}},
                          .seed = "1",
                          .outcome = analysis::collate::Outcome::done,
                          .reason = "",
                          .result = analysis::trial_file::read_trial(file),
                          .file = file});
  return sweep;
}

}  // namespace

TEST_CASE("the table of estimators names each once") {
  std::set<std::string_view> names, parts;
  for (auto const* estimator : estimators) {
    CHECK(names.insert(estimator->name).second);
    CHECK(!estimator->family.empty());
    CHECK(estimator->estimate != nullptr);
    if (estimator->panel.empty()) continue;
    CHECK(parts.insert(estimator->panel).second);
    CHECK(estimator->axis != Axis::n1);
  }
  // The files of version 1 have these.
  for (auto const* name :
       {"levina_bickel_original", "levina_bickel", "mackay_ghahramani", "two_nn_ml", "two_nn_ls", "gride"})
    CHECK(names.contains(name));
}

TEST_CASE("every estimator is in trial.h5, in its measures and in table.csv") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::write_trial(file, trial_of("0123456789ab", 8));
  store::Hdf5Reader const h5(file);
  auto const sweep = sweep_of(file);
  analysis::collate::write_csv(analysis::collate::tabulate(sweep), folder.path() / "table.csv");
  auto const csv = store::read_text(folder.path() / "table.csv");
  auto const& measures = sweep.trials[0].result->measures;
  auto const measured = [&](std::string const& name) {
    return std::any_of(measures.begin(), measures.end(), [&](auto const& measure) { return measure.first == name; });
  };
  for (auto const* estimator : estimators) {
    std::string const name(estimator->name);
    for (std::string const group :
         {"/", "/control/untrained/", "/control/shuffled/", "/control/signal/", "/control/noise/"})
      for (std::string const error : {"", "_se", "_se_blocks"})
        CHECK(h5.exists(group + layout::dimension_name + name + error));
    for (std::string const control : {"", "untrained.", "shuffled."}) {
      CHECK(measured(control + measure_of(*estimator)));
      CHECK_THAT(csv, ContainsSubstring("," + control + measure_of(*estimator) + "_mean,"));
    }
  }
}

TEST_CASE("every estimator with a panel is in the figures by layer") {
  TemporaryFolder const folder;
  auto const trial = trial_of("0123456789ab", 8);
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::write_trial(file, trial);
  auto const sweep = sweep_of(file);
  analysis::trial_file::draw_dimension_by_layer(trial.evaluation.measures, trial.evaluation.controls, folder.path());
  analysis::collate::draw_sweep(analysis::collate::tabulate(sweep), sweep, {}, {}, folder.path());
  for (auto const* estimator : estimators) {
    if (estimator->panel.empty()) continue;
    for (std::string const figure : {"intrinsic_dimension", "sweep_dimension"})
      CHECK(std::filesystem::exists(folder.path() / "plots" / (figure + "_" + std::string(estimator->panel) + ".dat")));
  }
}
