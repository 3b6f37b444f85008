#include "evaluate/embed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "analysis/embedding/umap.hpp"
#include "analysis/representation/principal_components.hpp"
#include "analysis/representation/silhouette.hpp"
#include "progress/count.hpp"

namespace mambasynth::evaluate {
namespace {

namespace representation = analysis::representation;

/// The first two principal components of a panel, and the input of UMAP.
struct Prepared {
  analysis::trial_file::Embedded embedded;
  PanelRows start;
};

PanelRows projected(representation::PrincipalComponents const& components, std::int64_t count, PanelRows const& panel) {
  auto some = components;
  some.direction.resize(static_cast<std::size_t>(count * panel.dims));
  some.variance.resize(static_cast<std::size_t>(count));
  auto const values = some.project(std::span<float const>(panel.values));
  return {.dims = count, .values = {values.begin(), values.end()}};
}

Prepared prepare(PanelRows const& panel, config::Evaluate const& config, int threads) {
  analysis::representation::CrossMoments moments({panel.dims}, threads);
  moments.add(std::span<float const>(panel.values));
  bool const reduces = config.pca > 0 && panel.dims > config.pca;
  auto const components = representation::principal_components(moments, std::max<std::int64_t>(2, config.pca));
  auto const shares = representation::spectrum(moments).share;
  Prepared prepared;
  prepared.embedded.dims = panel.dims;
  auto const shown = std::min<std::int64_t>(2, panel.dims);
  auto const plane = projected(components, shown, panel);
  prepared.embedded.pca.assign(static_cast<std::size_t>(2 * panel.count()), std::numeric_limits<float>::quiet_NaN());
  for (std::int64_t i = 0; i < panel.count(); ++i)
    for (std::int64_t c = 0; c < shown; ++c)
      prepared.embedded.pca[static_cast<std::size_t>(2 * i + c)] =
          plane.values[static_cast<std::size_t>(i * shown + c)];
  for (std::int64_t c = 0; c < shown; ++c) prepared.embedded.pca_share[c] = shares[static_cast<std::size_t>(c)];
  prepared.start = reduces ? projected(components, config.pca, panel) : panel;
  if (reduces) {
    prepared.embedded.kept_share = 0;
    for (std::int64_t c = 0; c < config.pca; ++c) prepared.embedded.kept_share += shares[static_cast<std::size_t>(c)];
  }
  return prepared;
}

}  // namespace

analysis::trial_file::Embeddings embed(std::vector<PanelRows> const& panels, BlockRows const& blocks,
                                       std::span<std::int64_t const> steps, Truth const& truth,
                                       config::Evaluate const& config, int threads,
                                       std::function<void(std::string const&)> const& note) {
  analysis::trial_file::Embeddings result;
  result.step.assign(steps.begin(), steps.end());
  result.circle = truth.circle_at(steps);
  result.phase = truth.phase_at(steps);
  std::optional<progress::Stage> stage(std::in_place, pca_stage);
  std::vector<Prepared> prepared;
  {
    progress::Count count(std::ssize(panels) + std::ssize(blocks.rows), "layer");
    for (auto const* group : {&panels, &blocks.rows})
      for (auto const& panel : *group) {
        prepared.push_back(prepare(panel, config, threads));
        count.add();
      }
  }
  stage.emplace(umap_stage);
  std::vector<analysis::embedding::Panel> starts;
  for (auto const& one : prepared) starts.push_back({one.start.values, one.start.dims});
  if (note)
    note(fmt::format("embedding {} steps of {} panels by UMAP (evaluate.umap = \"off\" skips that)", steps.size(),
                     starts.size()));
  auto const maps = analysis::embedding::umap_of_each(starts, static_cast<std::int64_t>(steps.size()),
                                                      {.neighbors = config.umap_neighbors,
                                                       .min_dist = config.umap_min_dist,
                                                       .seed = config::umap_seed,
                                                       .threads = threads});
  for (std::size_t p = 0; p < prepared.size(); ++p) {
    auto& embedded = prepared[p].embedded;
    embedded.umap = maps[p].coordinates;
    embedded.umap_start = analysis::embedding::name_of(maps[p].start);
    embedded.silhouette =
        result.circle.empty()
            ? std::numeric_limits<double>::quiet_NaN()
            : representation::silhouette(std::span<float const>(embedded.umap), 2, result.circle, threads).mean;
    (p < panels.size() ? result.panels : result.of_blocks).push_back(std::move(embedded));
  }
  result.blocks = blocks.names;
  return result;
}

}  // namespace mambasynth::evaluate
