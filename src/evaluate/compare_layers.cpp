#include "evaluate/compare_layers.hpp"

#include <vector>

#include "analysis/representation/linear_cka.hpp"
#include "analysis/representation/neighborhood_overlap.hpp"
#include "progress/count.hpp"

namespace mambasynth::evaluate {
namespace {

namespace representation = analysis::representation;

std::vector<double> debiased_cka(std::vector<PanelRows const*> const& panels, int threads) {
  std::vector<std::int64_t> dims;
  std::vector<analysis::representation::Rows> rows;
  for (auto const* panel : panels) {
    dims.push_back(panel->dims);
    rows.emplace_back(std::span<float const>(panel->values));
  }
  analysis::representation::CrossMoments moments(dims, threads);
  moments.add(rows);
  return representation::linear_cka(moments).debiased;
}

}  // namespace

analysis::trial_file::Similarity compare_layers(PanelPair const& panels, std::span<std::int64_t const> time,
                                                std::span<std::int64_t const> circle, config::Evaluate const& config,
                                                int threads, analysis::neighbors::NeighborSearch const& search) {
  analysis::trial_file::Similarity result;
  result.steps = static_cast<std::int64_t>(time.size());
  auto const& trained = panels.trained;
  std::vector<PanelRows const*> all;
  for (auto const& panel : trained) all.push_back(&panel);
  // Of all layers, of each with its initial weights, and the neighbors of each of both.
  progress::Count count(1 + 2 * std::ssize(panels.untrained) + std::ssize(trained), "comparison");
  result.cka = debiased_cka(all, threads);
  count.add();
  for (std::size_t p = 0; p < panels.untrained.size(); ++p, count.add())
    result.cka_untrained.push_back(debiased_cka({&trained[p], &panels.untrained[p]}, threads)[1]);

  analysis::neighbors::TemporalWindow const window{time, config.overlap_theiler};
  auto const points = static_cast<std::int64_t>(time.size());
  auto const k = result.overlap_k = config.overlap_k;
  if (points - 1 - window.most_excluded() <= k) return result;
  auto const neighbors_in = [&](std::vector<PanelRows> const& of) {
    std::vector<analysis::neighbors::Neighbors> found;
    for (auto const& panel : of) {
      found.push_back(search.find(std::span<float const>(panel.values), points, panel.dims, k, window));
      count.add();
    }
    return found;
  };
  auto const neighbors = neighbors_in(trained);
  for (auto const& a : neighbors)
    for (auto const& b : neighbors)
      result.neighbour_overlap.push_back(representation::neighborhood_overlap(a, b, k).mean);
  if (circle.empty()) return result;
  result.label_chance = representation::label_overlap_by_chance(circle, window);
  for (auto const& one : neighbors) result.label_overlap.push_back(representation::label_overlap(one, circle, k).mean);
  for (auto const& one : neighbors_in(panels.untrained))
    result.label_overlap_untrained.push_back(representation::label_overlap(one, circle, k).mean);
  return result;
}

}  // namespace mambasynth::evaluate
