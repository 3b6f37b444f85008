#include "analysis/collate/measure.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>
#include <set>

#include "analysis/collate/trials.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using analysis::collate::Better;
using analysis::collate::describe;
namespace layout = analysis::trial_file::trial_layout;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A trial that has everything that a trial can have.
analysis::trial_file::TrialResult whole_trial() {
  auto trial = trial_of("0123456789ab", 8);
  for (auto* column : {&trial.horizon.bayes_mse, &trial.horizon.excess_mse, &trial.horizon.val_bayes_mse,
                       &trial.horizon.test_mse_se, &trial.horizon.bayes_mse_se, &trial.horizon.excess_mse_se})
    *column = {1, 2};
  for (auto* layers : {&trial.evaluation.measures.activation, &trial.evaluation.controls.untrained.activation})
    for (auto& layer : *layers) {
      layer.participation_ratio_unbiased = layer.participation_ratio;
      layer.components_50 = layer.components_90 = layer.components_95 = 2;
    }
  for (std::string const target : layout::probe_targets) {
    auto& probe = trial.evaluation.probes.targets.emplace_back();
    probe.target = target;
    for (std::string const score : layout::probe_scores)
      probe.scores.push_back({.name = score,
                              .trained = {{0.1, 0.1}, {0.2, 0.1}, {0.3, 0.1}},
                              .untrained = {{0.1, 0.1}, {0.2, 0.1}, {0.3, 0.1}},
                              .shuffled = {{0.1, 0.1}, {0.2, 0.1}, {0.3, 0.1}}});
  }
  trial.evaluation.similarity.cka_untrained = {1, 0.5, 0.4};
  trial.evaluation.similarity.label_overlap = trial.evaluation.similarity.label_overlap_untrained = {0.2, 0.5, 0.4};
  return trial;
}

}  // namespace

TEST_CASE("every measure of a trial is described, and no two alike") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "trial.h5";
  analysis::trial_file::write_trial(file, whole_trial());
  auto const measures = analysis::trial_file::read_trial(file).measures;
  std::set<std::string> bases, labels, rows;
  for (auto const& [name, value] : measures) {
    INFO(name);
    auto const measure = describe(name);
    CHECK(measure.known);
    CHECK(measure.name == name);
    CHECK(!measure.unit.empty());
    CHECK(!measure.quantity.empty());
    CHECK(labels.insert(measure.label).second);
    // What filters of tidy.csv select by.
    CHECK(rows.insert(measure.base + "|" + measure.layer + "|" + measure.target + "|" +
                      std::to_string(measure.k.value_or(0)) + "|" + std::to_string(measure.n1.value_or(0)) + "|" +
                      std::to_string(measure.horizon.value_or(0)))
              .second);
    if (std::isfinite(value)) CHECK((measure.bounds.low <= value && value <= measure.bounds.high));
    bases.insert(measure.base);
  }
  // Each row of the layout is there: losses, horizons, estimators and activations with controls, probes, similarity.
  for (std::string const name : layout::final_measures) CHECK(bases.contains(name));
  for (std::string const name : layout::horizon_measures) CHECK(bases.contains(name));
  for (std::string const name : layout::similarity_measures) CHECK(bases.contains(name));
  for (auto const* estimator : analysis::dimension::estimators)
    for (std::string const control : {"", "untrained.", "shuffled."})
      CHECK(bases.contains(control + std::string(estimator->name)));
  for (auto const& activation : analysis::trial_file::activation_measures)
    for (std::string const control : {"", "untrained."})
      CHECK(bases.contains(control + std::string(activation.measure)));
  for (std::string const score : layout::probe_scores)
    for (std::string const control : {"", "untrained_", "shuffled_"}) CHECK(bases.contains(control + score));
  CHECK(bases.contains("seconds"));
}

TEST_CASE("a measure's name is taken apart") {
  auto const dimension = describe("levina_bickel.layer_3.k30");
  CHECK(dimension.base == "levina_bickel");
  CHECK(dimension.estimator == "levina_bickel");
  CHECK(dimension.layer == "layer_3");
  CHECK(dimension.k == 30);
  CHECK((!dimension.horizon && !dimension.n1));
  CHECK(dimension.better == Better::none);
  CHECK((dimension.bounds.low == 0 && dimension.bounds.high == infinity));
  CHECK(dimension.label == "Intrinsic dimension (Levina-Bickel, unbiased), layer 3, k = 30");
  CHECK(dimension.quantity == "Intrinsic dimension (Levina-Bickel, unbiased; k = 30)");

  auto const control = describe("untrained.gride.output.n4");
  CHECK(control.base == "untrained.gride");
  CHECK(control.control == "untrained");
  CHECK(control.estimator == "gride");
  CHECK(control.n1 == 4);
  CHECK(control.label == "Intrinsic dimension (Gride), untrained network, output, n1 = 4");
  CHECK(control.quantity == "Intrinsic dimension (Gride, n1 = 4)");

  auto const noise = describe("noise.levina_bickel.k30");
  CHECK(noise.layer.empty());
  CHECK((noise.control == "noise" && noise.k == 30));
  CHECK(describe("noise.two_nn_ml").label == "Intrinsic dimension (TwoNN, maximum likelihood), pure noise");

  auto const excess = describe("excess_mse.h1");
  CHECK(excess.base == "excess_mse");
  CHECK(excess.horizon == 1);
  CHECK(excess.better == Better::lower);
  CHECK(excess.bounds.low == -infinity);
  CHECK(excess.label == "Excess MSE, 1 step");
  CHECK(describe("test_mse.h64").label == "Test MSE, 64 steps");
  CHECK(describe("test_mse").label == "Test MSE");

  auto const probe = describe("probe.next_circle.balanced_accuracy.layer_3");
  CHECK(probe.base == "balanced_accuracy");
  CHECK(probe.target == "next_circle");
  CHECK(probe.layer == "layer_3");
  CHECK(probe.better == Better::higher);
  CHECK((probe.bounds.low == 0 && probe.bounds.high == 1));
  CHECK(probe.label == "Next-circle probe, balanced accuracy, layer 3");
  auto const shuffled = describe("probe.phase.shuffled_r2.input");
  CHECK((shuffled.base == "shuffled_r2" && shuffled.control == "shuffled"));
  CHECK(shuffled.better == Better::none);
  CHECK(shuffled.bounds.high == 1);
  CHECK(shuffled.label == "Phase probe, R², shuffled targets, input");
  CHECK(describe("probe.circle.log_loss.layer_1").unit == "nat");
  CHECK(describe("probe.circle.log_loss.layer_1").better == Better::lower);

  CHECK(describe("label_overlap_untrained.layer_2").control == "untrained");
  CHECK(describe("seconds").unit == "s");
  CHECK(describe("seconds").better == Better::none);
}

TEST_CASE("states of a recording are labels, not circles") {
  constexpr auto recording = analysis::plot::Labels::of_recording;
  CHECK(describe("probe.circle.balanced_accuracy.layer_3", recording).label ==
        "Label probe, balanced accuracy, layer 3");
  CHECK(describe("probe.circle.balanced_accuracy.layer_3", recording).target == "circle");
  CHECK(describe("probe.phase.r2.layer_3", recording).label == "Phase probe, R², layer 3");
  CHECK(describe("label_overlap.layer_2", recording).label == "Neighbors with the same label, layer 2");
  CHECK(describe("label_overlap.layer_2").label == "Neighbors on the same circle, layer 2");
}

TEST_CASE("a name of another version is kept as it is") {
  for (auto const* name : {"", ".", "new_measure.layer_1", "levina_bickel", "levina_bickel.layer_1.kx",
                           "levina_bickel.layer_1.k30x", "excess_mse", "excess_mse.h", "seconds.h1", "probe.circle",
                           "probe.circle.accuracy", "probe.comet.accuracy.layer_1", "untrained.seconds", "accuracy",
                           "label_overlap", "activation_mean", "<script>,|\"\n"}) {
    INFO(name);
    auto const measure = describe(name);
    CHECK_FALSE(measure.known);
    CHECK(measure.base == name);
    CHECK(measure.label == name);
    CHECK((measure.layer.empty() && measure.control.empty() && !measure.k && !measure.horizon));
  }
}
