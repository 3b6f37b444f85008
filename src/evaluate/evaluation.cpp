#include "evaluate/evaluation.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "errors/errors.hpp"
#include "evaluate/compare_layers.hpp"
#include "evaluate/embed.hpp"
#include "evaluate/gather.hpp"
#include "evaluate/probes.hpp"
#include "evaluate/rows.hpp"

namespace mambasynth::evaluate {
namespace {

/// Who computes: processor threads, and what finds neighbours.
struct Means {
  int threads;
  analysis::NeighbourSearch const& search;
};

/// Estimates intrinsic dimensions of panels that share their rows.
class DimensionOfRows {
 public:
  DimensionOfRows(std::vector<std::int64_t> const& rows, config::Evaluate const& config, Means const& means) : config_(config) {
    options_.threads = means.threads;
    options_.search = &means.search;
    options_.blocks = analysis::blocks_in_time(rows, config.blocks);
  }
  [[nodiscard]] analysis::DimensionEstimates of(PanelRows const& rows) const {
    return analysis::estimate_all(std::span<float const>(rows.values), rows.count(), rows.dims, config_.lb_k, options_);
  }

 private:
  config::Evaluate const& config_;
  analysis::EstimateOptions options_;
};

enum List : std::size_t { original, dimension, probed, compared, embedded };

/// Both lists' rows of one panel: the original's estimator on the original's rows, the others on theirs.
analysis::DimensionEstimates estimate(Gathered const& gathered, std::size_t panel, Rows const& rows,
                                      config::Evaluate const& config, Means const& means) {
  auto const of_original = DimensionOfRows(rows.original, config, means).of(gathered.rows[original][panel]);
  if (rows.dimension.empty()) return of_original;
  auto all = DimensionOfRows(rows.dimension, config, means).of(gathered.rows[dimension][panel]);
  all.levina_bickel_original = of_original.levina_bickel_original;
  return all;
}

analysis::LayerMeasures measure(Gathered const& gathered, Rows const& rows, config::Evaluate const& config,
                                bool with_dimension, Means const& means) {
  analysis::LayerMeasures result{.layers = gathered.names, .dimension = {}, .activation = {}};
  for (std::size_t p = 0; p < gathered.names.size(); ++p) {
    auto const& statistics = gathered.statistics[p];
    result.activation.push_back({statistics.mean(), statistics.standard_deviation(), statistics.participation_ratio()});
    if (with_dimension) result.dimension.push_back(estimate(gathered, p, rows, config, means));
  }
  return result;
}

void measure_control_rows(analysis::Controls& controls, Gathered const& gathered, Rows const& rows, Subject const& subject,
                          config::Evaluate const& config, Means const& means) {
  auto const list = rows.dimension.empty() ? original : dimension;
  auto const& steps = rows.dimension.empty() ? rows.original : rows.dimension;
  DimensionOfRows const estimator(steps, config, means);
  for (auto const& panel : gathered.rows[list]) controls.shuffled.push_back(estimator.of(shuffled_rows(panel)));
  if (auto const signal = signal_rows(subject.truth, steps)) controls.signal = estimator.of(*signal);
  controls.noise = estimator.of(noise_rows(static_cast<std::int64_t>(steps.size()), subject.series.size(1)));
}

Targets targets_of(Subject const& subject, Rows const& rows, int threads) {
  auto targets = true_targets(subject.truth, rows.probe);
  if (!subject.truth.generated) return targets;
  auto const x = subject.series.contiguous();
  try {
    add_posteriors(targets, *subject.truth.process, {x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())}, subject.seq_len,
                   rows.probe, threads);
  } catch (errors::Error const& error) {
    if (subject.note) subject.note(std::string("note: no probes of the oracle's posteriors: ") + error.what());
  }
  return targets;
}

std::vector<analysis::ProbeResult> probe(Subject const& subject, Rows const& rows, PanelPair const& panels, int threads) {
  // Training rows stay a window away from those that test them.
  auto const count = static_cast<std::int64_t>(rows.probe.size());
  auto const spacing = std::max<std::int64_t>(subject.series.size(0) / std::max<std::int64_t>(count, 1), 1);
  return probe_panels(panels, targets_of(subject, rows, threads), (subject.seq_len + spacing - 1) / spacing, threads);
}

analysis::Similarity compare(Subject const& subject, Rows const& rows, PanelPair const& panels, config::Evaluate const& config,
                             Means const& means) {
  std::vector<std::int64_t> circle;
  if (!subject.truth.circle.empty())
    for (auto const step : rows.similarity) circle.push_back(subject.truth.circle[static_cast<std::size_t>(step)]);
  return compare_layers(panels, rows.similarity, circle, config, means.threads, means.search);
}

/// What each block adds to the residual stream: the difference of what leaves and what enters it.
BlockRows block_outputs(Subject const& subject, std::vector<PanelRows> const& panels) {
  BlockRows blocks;
  auto const& input = panels.front();
  auto const x = at::from_blob(const_cast<float*>(input.values.data()), {input.count(), input.dims}, at::kFloat);
  auto const& ends = subject.host->ends();
  at::NoGradGuard const no_grad;
  auto const entered = at::linear(x, ends.input_weight, ends.input_bias).contiguous();
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

Evaluation evaluate(Subject const& subject, config::Evaluate const& config, Choice const& choice, int threads) {
  auto rows = choose_rows(subject.series.size(0) / subject.seq_len * subject.seq_len, config);
  if (!config.probes) rows.probe.clear();
  if (!config.similarity) rows.similarity.clear();
  if (!choice.embedding) rows.embedding.clear();
  std::vector<std::span<std::int64_t const>> lists{rows.original, rows.dimension, rows.probe, rows.similarity, rows.embedding};
  auto const pass = [&](model::Predictor const& network) {
    return gather(network, subject.series, subject.seq_len, choice.panels, lists, threads);
  };
  analysis::HostSearch const host(threads);
  Means const means{threads, subject.search ? *subject.search : host};
  Evaluation result;
  auto const trained = pass(subject.network);
  result.measures = measure(trained, rows, config, choice.dimension, means);
  lists.back() = {};
  auto untrained = config.controls && subject.untrained ? pass(*subject.untrained) : Gathered{};
  if (!untrained.names.empty()) result.controls.untrained = measure(untrained, rows, config, choice.dimension, means);
  if (config.controls && choice.dimension) measure_control_rows(result.controls, trained, rows, subject, config, means);
  untrained.rows.resize(trained.rows.size());
  if (config.probes) result.probes = probe(subject, rows, {trained.rows[probed], untrained.rows[probed]}, threads);
  if (config.similarity)
    result.similarity = compare(subject, rows, {trained.rows[compared], untrained.rows[compared]}, config, means);
  if (choice.embedding) {
    auto const& panels = trained.rows[embedded];
    auto const blocks = choice.panels.empty() && subject.host ? block_outputs(subject, panels) : BlockRows{};
    result.embeddings = embed(panels, blocks, rows.embedding, subject.truth, config, threads, subject.note);
  }
  return result;
}

}  // namespace mambasynth::evaluate
