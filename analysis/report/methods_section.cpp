#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/mixture.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/collate/shown_dimension.hpp"
#include "analysis/report/references.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/report/wording.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::report {
namespace {

/// "100,000"
std::string grouped(std::string text) {
  constexpr std::size_t group = 3, least = 5;
  if (text.size() < least || text.find_first_not_of("0123456789") != std::string::npos) return text;
  for (auto at = text.size(); at > group;) text.insert(at -= group, ",");
  return text;
}

/// What the trials share; the values of an axis are in the tables.
class Settings {
 public:
  explicit Settings(collate::Collation const& collation) : axes_(collation.table.axes) {
    for (auto const& trial : collation.sweep.trials)
      if (trial.configuration) {
        configuration_ = *trial.configuration;
        known_ = true;
        break;
      }
  }
  [[nodiscard]] bool known() const { return known_; }
  [[nodiscard]] bool swept(std::string const& key) const {
    return std::find(axes_.begin(), axes_.end(), key) != axes_.end();
  }
  /// "0.1", "100,000"; "d_state (swept)" for an axis.
  [[nodiscard]] std::string of(std::string const& key) const {
    if (swept(key)) return fmt::format("{} (swept)", collate::short_key(key));
    auto const text = collate::value_of(configuration_, key).written;
    if (auto const number = collate::parsed_number(text)) return grouped(fmt::format("{}", *number));
    return errors::quotable(text);
  }
  /// "1 epoch", "20 epochs"
  [[nodiscard]] std::string count_of(std::string const& key, std::string const& noun) const {
    auto const text = of(key);
    return text + " " + noun + (text == "1" ? "" : "s");
  }
  [[nodiscard]] bool is(std::string const& key, std::string const& value) const {
    return swept(key) || collate::value_of(configuration_, key).written == value;
  }
  [[nodiscard]] bool above_zero(std::string const& key) const {
    return swept(key) || collate::parsed_number(collate::value_of(configuration_, key).written).value_or(0) > 0;
  }

 private:
  std::vector<std::string> axes_;
  collate::Configuration configuration_;
  bool known_ = false;
};

bool has_any(collate::Table const& table, std::string_view prefix) {
  return std::any_of(table.measures.begin(), table.measures.end(),
                     [&](auto const& measure) { return measure.starts_with(prefix); });
}

std::string data_text(collate::Table const& table, Settings const& settings, References& references) {
  if (!settings.is("data.path", "")) {
    auto text = fmt::format("The series was read from {}", settings.of("data.path"));
    if (settings.is("data.standardise", "true") && !settings.swept("data.standardise"))
      text += ", and every channel standardized by its training part";
    if (!has_any(table, "test_mse")) return text + ".";
    return text + fmt::format(". A fraction of {} at its end is the test series; no training step uses it.",
                              settings.of("data.test_fraction"));
  }
  auto text = fmt::format(
      "A hidden semi-Markov process {} jumps between {} circles in {} dimensions. Radii have mean {} and standard "
      "deviation {}; a revolution takes {} to {} steps, depending on the circle; visits last {} ± {} steps (mean and "
      "standard deviation), rounded to whole revolutions; every channel has independent Gaussian noise of standard "
      "deviation {}. The training series has {} steps.",
      references.cite("hsmm"), settings.of("data.n_circles"), settings.of("data.ambient_dim"),
      settings.of("data.radius_mean"), settings.of("data.radius_std"), settings.of("data.min_period"),
      settings.of("data.max_period"), settings.of("data.dwell_mean"), settings.of("data.dwell_std"),
      settings.of("data.noise_std"), settings.of("data.n_steps"));
  if (settings.above_zero("data.subspace_dim"))
    text += fmt::format(" All circles lie in a subspace of {} dimensions.", settings.of("data.subspace_dim"));
  if (settings.above_zero("data.drift_std"))
    text += fmt::format(" The centers of the circles drift by random walks (standard deviation {} per step).",
                        settings.of("data.drift_std"));
  return text +
         " The test series is an independent path over the same circles with the same transition matrix; no training "
         "step uses it.";
}

std::string model_text(Settings const& settings, References& references) {
  auto const furthest = settings.of("model.max_horizon");
  auto const steps = furthest == "2"   ? "1 and 2"
                     : furthest == "4" ? "1, 2, and 4"
                                       : fmt::format("1, 2, 4, ..., {}", furthest);
  auto const predicts = furthest == "1"
                            ? "predicts the next step of the series by a head"
                            : fmt::format("predicts the series {} steps ahead, each horizon by a head", steps);
  return fmt::format(
      "A causal Mamba network {} with {} blocks of width {}, {} states per inner channel, a convolution over {} steps, "
      "and an expansion factor of {} {} with {} hidden units. Dropout: {}.",
      references.cite("mamba"), settings.of("model.n_layers"), settings.of("model.d_model"),
      settings.of("model.d_state"), settings.of("model.d_conv"), settings.of("model.expand"), predicts,
      settings.of("model.d_ff"), settings.of("model.dropout"));
}

std::string training_text(Settings const& settings, References& references) {
  auto text = fmt::format(
      "AdamW {} minimized the mean squared error over windows of {} steps (stride {}, {} per batch) for {}, "
      "with {} of warm-up to a learning rate of {} and a cosine decay. The gates (x_proj, dt_proj) learn at {} "
      "times that rate; 0 freezes them. {}, a fraction of {} was held out for validation; the epoch with the lowest "
      "validation error is measured. Precision: {}.",
      references.cite("adamw"), settings.of("train.seq_len"), settings.of("train.stride"),
      settings.of("train.batch_size"), settings.count_of("train.epochs", "epoch"),
      settings.count_of("train.warmup_epochs", "epoch"), settings.of("train.lr"), settings.of("train.gate_lr_factor"),
      settings.is("train.split", "random") ? "At random" : "At the end of the series",
      settings.of("train.val_fraction"), settings.of("train.precision"));
  if (settings.is("train.freeze_a", "true")) text += " The state matrices A were not trained.";
  for (auto const& [key, what] :
       {std::pair{"train.slowness_lambda", "slowness loss"}, {"train.contrastive_lambda", "contrastive loss"}})
    if (settings.above_zero(key)) text += fmt::format(" A {} has the weight {}.", what, settings.of(key));
  for (auto const& [key, what] : {std::pair{"train.aug_scale", "scaling"}, {"train.aug_noise", "noise"}})
    if (settings.above_zero(key)) text += fmt::format(" Windows were augmented by {} ({}).", what, settings.of(key));
  if (settings.is("train.aug_rotate", "true")) text += " Windows were augmented by rotations.";
  return text;
}

std::string loss_text(collate::Table const& table, bool mixed_data) {
  std::string text = "Errors are mean squared errors of the best checkpoint, without dropout and in single precision";
  if (!has_any(table, "test_mse")) return text + ".";
  text += ", over windows of the test series that do not overlap.";
  if (has_any(table, "excess_mse."))
    text +=
        " The Bayes optimum is the error of the posterior predictive mean of the exact filter of the generating "
        "process, which, like the network, has no information from before a window's first step. Excess MSE = test MSE "
        "- Bayes optimum, on the same windows.";
  return text + (mixed_data
                     ? " Trials with different data were averaged together."
                     : " Seeds share the test series, which is one of many possible; intervals over seeds do not "
                       "include its own error.");
}

std::string dimension_text(collate::Table const& table, Settings const& settings, References& references) {
  std::set<std::string> families;
  for (auto const& measure : table.measures)
    if (auto const described = collate::describe(measure); !described.estimator.empty())
      families.insert(described.estimator);
  if (families.empty()) return {};
  std::vector<std::string> names;
  auto const add = [&](char const* name, std::string const& words, char const* key) {
    if (families.contains(name)) names.push_back(words + " " + references.cite(key));
  };
  add("levina_bickel_original", "Levina and Bickel's maximum likelihood, averaged over points", "levina_bickel");
  add("levina_bickel", "the same without its bias (k - 2)", "levina_bickel");
  add("mackay_ghahramani", "MacKay and Ghahramani's average of inverses", "mackay_ghahramani");
  if (families.contains("two_nn_ml") || families.contains("two_nn_ls"))
    names.push_back("TwoNN " + references.cite("two_nn"));
  add("gride", "Gride", "gride");
  auto const k = std::string(collate::shown_k(table));
  auto text = fmt::format(
      "Intrinsic dimension is estimated from exact nearest neighbors among {} activations of each layer on the "
      "training series: {}.",
      settings.of("evaluate.lb_points"), listed(names));
  if (!k.empty())
    text += fmt::format(" Tables and figures show {} at k = {} neighbors unless they name another.",
                        collate::shown_estimator.label(), k.substr(1));
  std::vector<std::string> controls;
  for (auto const& [prefix, words] : {std::pair{"untrained.", "the same network with its initial weights"},
                                      {"shuffled.", "activations with each feature permuted in time"},
                                      {"signal.", "the series without its noise"},
                                      {"noise.", "pure noise"}})
    if (has_any(table, prefix)) controls.emplace_back(words);
  if (!controls.empty()) text += fmt::format(" Controls: {}.", listed(controls));
  return text;
}

std::string probe_text(collate::Table const& table, References& references) {
  if (!has_any(table, "probe.")) return {};
  return fmt::format(
      "Linear probes {}: softmax regression for classes, ridge regression for continuous targets, fitted and scored on "
      "different stretches of whole visits. Controls: the untrained network, and targets shifted in time.",
      references.cite("probes"));
}

std::string similarity_text(collate::TrialSimilarity const& similarity, References& references) {
  if (similarity.layers.empty()) return {};
  return fmt::format(
      "Similarity of trials is debiased linear CKA {} of each layer's activations at {} steps of the series, with "
      "jackknife errors over seeds.",
      references.cite("cka"), similarity.rows);
}

std::string statistics_text(collate::Collation const& collation, statistics::Method method, References& references) {
  std::string text =
      "The seed is the unit of all inference: trials of one seed share initial weights and the order of the data. ";
  switch (method) {
    case statistics::Method::student:
      text += fmt::format(
          "Intervals are 95 % confidence intervals of the mean over seeds (Student's t {}); for shares and other "
          "quantities with bounds, on a scale that respects the bounds.",
          references.cite("student"));
      break;
    case statistics::Method::bca:
      text +=
          fmt::format("Intervals are 95 % BCa bootstrap intervals of the mean over seeds {}.", references.cite("bca"));
      break;
    case statistics::Method::iqm:
      text += fmt::format("Intervals are 95 % bootstrap intervals of the interquartile mean over seeds {}.",
                          references.cite("iqm"));
      break;
  }
  if (!collation.differences.family.empty()) {
    auto const sign_flip = references.cite("sign_flip"), holm = references.cite("holm");
    text += fmt::format(
        " Differences to the baseline are paired by seed (Student's interval) and tested by exact sign flips {}, "
        "two-sided; p values are adjusted by Holm's method {} for {}. Intervals of differences are not adjusted. "
        "Effect size d_z: the mean difference divided by the standard "
        "deviation of the differences.",
        sign_flip, holm, collation.differences.family);
  }
  if (!collation.trends.empty())
    text +=
        " Trends are least-squares slopes of each seed, averaged over seeds, and Spearman's rank correlation over "
        "cells.";
  return text;
}

}  // namespace

document::Section methods_section(Material const& material) {
  auto const& collation = material.chapter.collation;
  document::Section section{.title = "Methods", .label = material.label("methods")};
  Settings const settings(collation);
  References references;
  auto const add = [&](char const* heading, std::string const& text) {
    if (text.empty()) return;
    section.blocks.emplace_back(document::Paragraph{
        document::Inline{document::emphasis(std::string(heading) + "."), document::plain(" " + text)}});
  };
  if (settings.known()) {
    add("Data", data_text(collation.table, settings, references));
    add("Model", model_text(settings, references));
    add("Training", training_text(settings, references));
  }
  bool const mixed_data = versions_of(collate::Shared::data, collation.sweep.trials).size() > 1;
  add("Losses", loss_text(collation.table, mixed_data));
  add("Dimension", dimension_text(collation.table, settings, references));
  add("Probes", probe_text(collation.table, references));
  add("Similarity", similarity_text(collation.similarity, references));
  add("Statistics", statistics_text(collation, material.interval, references));
  section.sections.push_back({.title = "References",
                              .label = material.label("references"),
                              .blocks = {document::List{.items = references.list(), .numbered = true}}});
  return section;
}

}  // namespace mambasynth::analysis::report
