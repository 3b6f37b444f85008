#include "evaluate/evaluation.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "analysis/representation/principal_components.hpp"
#include "errors/errors.hpp"
#include "evaluate/compare_layers.hpp"
#include "evaluate/embed.hpp"
#include "evaluate/gather.hpp"
#include "evaluate/probes.hpp"
#include "evaluate/rows.hpp"
#include "progress/count.hpp"

namespace mambasynth::evaluate {
namespace {

/// Compute resources: CPU threads and the neighbor search.
struct Means {
  int threads;
  analysis::neighbors::NeighborSearch const& search;
};

/// Estimates intrinsic dimensions of panels that share their rows.
class DimensionOfRows {
 public:
  DimensionOfRows(std::vector<std::int64_t> const& rows, config::Evaluate const& config, Means const& means)
      : config_(config) {
    options_.threads = means.threads;
    options_.search = &means.search;
    options_.blocks = analysis::statistics::blocks_in_time(rows, config.blocks);
  }
  [[nodiscard]] analysis::dimension::DimensionEstimates of(PanelRows const& rows) const {
    return analysis::dimension::estimate_all(std::span<float const>(rows.values), rows.count(), rows.dims, config_.lb_k,
                                             options_);
  }

 private:
  config::Evaluate const& config_;
  analysis::dimension::EstimateOptions options_;
};

struct StageNames {
  char const* activations = "activations";
  char const* dimension = "dimension by layer";
  char const* untrained_activations = "untrained activations";
  char const* untrained_dimension = "untrained dimension";
  char const* control_dimension = "control dimension";
  char const* probe_targets = "probe targets";
  char const* probes = "probes";
  char const* similarity = "similarity";
};
constexpr StageNames stage_names;

enum List : std::size_t { original, dimension, probed, compared, shared, embedded };

/// Rows of both lists for each panel: the original's estimator uses the original's rows, the others use their own.
std::vector<analysis::dimension::DimensionEstimates> estimate(Gathered const& gathered, Rows const& rows,
                                                              config::Evaluate const& config, Means const& means) {
  DimensionOfRows const of_original(rows.original, config, means), of_all(rows.dimension, config, means);
  std::vector<analysis::dimension::DimensionEstimates> result;
  progress::Count count(std::ssize(gathered.names) * (rows.dimension.empty() ? 1 : 2), "estimate");
  for (std::size_t p = 0; p < gathered.names.size(); ++p) {
    auto estimates = of_original.of(gathered.rows[original][p]);
    count.add();
    if (!rows.dimension.empty()) {
      auto all = of_all.of(gathered.rows[dimension][p]);
      for (auto const* estimator : analysis::dimension::estimators)
        if (estimator->all_rows) all[*estimator] = std::move(estimates[*estimator]);
      estimates = std::move(all);
      count.add();
    }
    result.push_back(std::move(estimates));
  }
  return result;
}

analysis::trial_file::LayerMeasures measure(Gathered const& gathered, Rows const& rows, config::Evaluate const& config,
                                            bool with_dimension, char const* stage, Means const& means) {
  analysis::trial_file::LayerMeasures result{.layers = gathered.names, .dimension = {}, .activation = {}};
  if (!gathered.statistics.empty()) result.steps = gathered.statistics.front().rows();
  for (auto const& statistics : gathered.statistics) {
    auto const spectrum = analysis::representation::spectrum(statistics.moments());
    auto const components = [&](std::size_t level) {
      auto const count = spectrum.components[level];
      return count > 0 ? static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
    };
    result.activation.push_back({.mean = statistics.mean(),
                                 .std = statistics.standard_deviation(),
                                 .participation_ratio = statistics.participation_ratio(),
                                 .participation_ratio_unbiased = spectrum.participation_ratio_unbiased,
                                 .components_50 = components(0),
                                 .components_90 = components(1),
                                 .components_95 = components(2),
                                 .spectrum = spectrum.share});
  }
  if (!with_dimension) return result;
  progress::Stage const named(stage);
  result.dimension = estimate(gathered, rows, config, means);
  return result;
}

/// Reports and omits what cannot be measured for these values, so that neither the finished training nor the other
/// measures are lost.
template <class Measure>
void or_note(Subject const& subject, char const* what, Measure const& measure) {
  try {
    measure();
  } catch (errors::Error const& error) {
    if (error.code() != errors::ExitCode::input && error.code() != errors::ExitCode::usage) throw;
    if (subject.note) subject.note(fmt::format("note: no {}: {}", what, error.what()));
  }
}

void measure_control_rows(analysis::trial_file::Controls& controls, Gathered const& gathered, Rows const& rows,
                          Subject const& subject, config::Evaluate const& config, Means const& means) {
  auto const list = rows.dimension.empty() ? original : dimension;
  auto const& steps = rows.dimension.empty() ? rows.original : rows.dimension;
  DimensionOfRows const estimator(steps, config, means);
  progress::Stage const stage(stage_names.control_dimension);
  progress::Count count(std::ssize(gathered.rows[list]) + 2, "control");
  or_note(subject, "control by shuffled features", [&] {
    std::vector<analysis::dimension::DimensionEstimates> shuffled;
    for (auto const& panel : gathered.rows[list]) {
      shuffled.push_back(estimator.of(shuffled_rows(panel)));
      count.add();
    }
    controls.shuffled = std::move(shuffled);
  });
  or_note(subject, "control by the noise-free signal", [&] {
    if (auto const signal = signal_rows(subject.truth, steps)) controls.signal = estimator.of(*signal);
    count.add();
  });
  or_note(subject, "control by pure noise", [&] {
    controls.noise = estimator.of(noise_rows(static_cast<std::int64_t>(steps.size()), subject.series.size(1)));
  });
}

Targets targets_of(Subject const& subject, Rows const& rows, int threads) {
  auto targets = true_targets(subject.truth, rows.probe);
  if (!subject.truth.generated) return targets;
  auto const x = subject.series.contiguous();
  or_note(subject, "probes of the oracle's posteriors", [&] {
    add_posteriors(targets, *subject.truth.process, {x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())},
                   subject.seq_len, rows.probe, threads);
  });
  return targets;
}

analysis::trial_file::Probes probe(Subject const& subject, Rows const& rows, PanelPair const& panels, int threads) {
  // Training rows keep a window's distance from test rows.
  auto const count = static_cast<std::int64_t>(rows.probe.size());
  auto const spacing = std::max<std::int64_t>(subject.series.size(0) / std::max<std::int64_t>(count, 1), 1);
  auto const wanted = (subject.seq_len + spacing - 1) / spacing, guard = affordable_guard(count, wanted);
  auto const targets = [&] {
    progress::Stage const stage(stage_names.probe_targets);
    return targets_of(subject, rows, threads);
  }();
  progress::Stage const stage(stage_names.probes);
  auto probes = probe_panels(panels, targets, guard, threads);
  probes.guard_steps = guard * spacing;
  if (guard < wanted && !probes.targets.empty() && subject.note)
    subject.note(
        fmt::format("note: training and test rows of the probes are {} steps apart, less than a window of {} steps "
                    "(the series is short). Scores can be too high.",
                    probes.guard_steps, subject.seq_len));
  return probes;
}

analysis::trial_file::SharedRows share(std::vector<std::int64_t> const& steps, std::vector<PanelRows> const& panels) {
  analysis::trial_file::SharedRows kept{steps, {}};
  for (auto const& panel : panels) kept.layers.push_back({panel.dims, panel.values});
  return kept;
}

/// What each block adds to the residual stream: its output minus its input.
BlockRows block_outputs(Subject const& subject, std::vector<PanelRows> const& panels) {
  BlockRows blocks;
  auto const& input = panels.front();
  auto const x = at::from_blob(const_cast<float*>(input.values.data()), {input.count(), input.dims}, at::kFloat);
  auto const& weights = subject.host->weights();
  at::NoGradGuard const no_grad;
  auto const entered = at::linear(x, weights.input_weight, weights.input_bias).contiguous();
  auto const* before = entered.const_data_ptr<float>();
  for (std::size_t layer = 1; layer + 1 < panels.size(); ++layer) {
    auto rows = panels[layer];
    for (std::size_t i = 0; i < rows.values.size(); ++i) rows.values[i] -= before[i];
    before = panels[layer].values.data();
    blocks.names.push_back("block_" + std::to_string(layer));
    blocks.rows.push_back(std::move(rows));
  }
  return blocks;
}

}  // namespace

std::vector<std::string> stages(config::Evaluate const& config, Choice const& choice) {
  std::vector<std::string> names{stage_names.activations};
  if (choice.dimension) names.emplace_back(stage_names.dimension);
  if (config.controls) names.emplace_back(stage_names.untrained_activations);
  if (config.controls && choice.dimension)
    names.insert(names.end(), {stage_names.untrained_dimension, stage_names.control_dimension});
  if (config.probes) names.insert(names.end(), {stage_names.probe_targets, stage_names.probes});
  if (config.similarity) names.emplace_back(stage_names.similarity);
  if (choice.embedding) names.insert(names.end(), {pca_stage, umap_stage});
  return names;
}

Evaluation evaluate(Subject const& subject, config::Evaluate const& config, Choice const& choice, int threads) {
  auto rows = choose_rows(subject.series.size(0) / subject.seq_len * subject.seq_len, config);
  if (!config.probes) rows.probe.clear();
  if (!config.similarity) rows.similarity.clear();
  if (!choice.embedding) rows.embedding.clear();
  std::vector<std::span<std::int64_t const>> lists{rows.original,   rows.dimension, rows.probe,
                                                   rows.similarity, rows.shared,    rows.embedding};
  auto const pass = [&](model::Predictor const& network, char const* stage) {
    progress::Stage const named(stage);
    return gather(network, subject.series, subject.seq_len, choice.panels, lists, threads);
  };
  analysis::neighbors::HostSearch const host(threads);
  Means const means{threads, subject.search ? *subject.search : host};
  Evaluation result;
  auto const trained = pass(subject.network, stage_names.activations);
  result.measures = measure(trained, rows, config, choice.dimension, stage_names.dimension, means);
  lists[shared] = lists[embedded] = {};
  auto untrained =
      config.controls && subject.untrained ? pass(*subject.untrained, stage_names.untrained_activations) : Gathered{};
  if (!untrained.names.empty())
    or_note(subject, "untrained control", [&] {
      result.controls.untrained =
          measure(untrained, rows, config, choice.dimension, stage_names.untrained_dimension, means);
    });
  if (config.controls && choice.dimension) measure_control_rows(result.controls, trained, rows, subject, config, means);
  untrained.rows.resize(trained.rows.size());
  if (config.probes)
    or_note(subject, "probes",
            [&] { result.probes = probe(subject, rows, {trained.rows[probed], untrained.rows[probed]}, threads); });
  if (config.similarity)
    or_note(subject, "similarity of layers", [&] {
      progress::Stage const stage(stage_names.similarity);
      result.similarity = compare_layers({trained.rows[compared], untrained.rows[compared]}, rows.similarity,
                                         subject.truth.circle_at(rows.similarity), config, threads, means.search);
    });
  result.shared = share(rows.shared, trained.rows[shared]);
  if (choice.embedding)
    or_note(subject, "embeddings", [&] {
      auto const& panels = trained.rows[embedded];
      auto const blocks = choice.panels.empty() && subject.host ? block_outputs(subject, panels) : BlockRows{};
      result.embeddings = embed(panels, blocks, rows.embedding, subject.truth, config, threads, subject.note);
    });
  return result;
}

}  // namespace mambasynth::evaluate
