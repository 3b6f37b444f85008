#include "analysis/trial_file/embeddings.hpp"

#include "analysis/plot/labels.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

template <class Member>
std::vector<float> joined(std::vector<Embedded> const& panels, Member member) {
  std::vector<float> all;
  for (auto const& panel : panels) all.insert(all.end(), (panel.*member).begin(), (panel.*member).end());
  return all;
}

constexpr char const* start_words =
    "where UMAP's layout started: spectral (the graph's Laplacian), random (usually a disconnected graph), none (no "
    "layout)";

std::vector<std::string> starts_of(std::vector<Embedded> const& panels) {
  std::vector<std::string> starts;
  for (auto const& panel : panels) starts.push_back(panel.umap_start);
  return starts;
}

}  // namespace

void write_embeddings(store::Hdf5Writer& h5, Embeddings const& e) {
  if (e.panels.empty()) return;
  constexpr char const *point = "/point", *coordinate = "/coordinate", *block = "/block";
  std::string const group = "/embedding/";
  h5.scale<std::int64_t>(point, e.step, {"step of the series", "step"});
  h5.scale<std::int64_t>(coordinate, std::vector<std::int64_t>{1, 2}, {"coordinate in the plane", "1"});
  std::vector<std::string> const plane{trial_layout::layer, point, coordinate};
  h5.dataset<float>(group + "umap", joined(e.panels, &Embedded::umap), plane, {"UMAP", "1"});
  h5.text_dataset(group + "umap_start", starts_of(e.panels), {trial_layout::layer}, {start_words, "1"});
  h5.dataset<float>(group + "pca", joined(e.panels, &Embedded::pca), plane, {"leading principal components", "1"});
  std::vector<double> shares, kept, silhouettes;
  for (auto const& panel : e.panels) {
    shares.insert(shares.end(), std::begin(panel.pca_share), std::end(panel.pca_share));
    kept.push_back(panel.kept_share);
    silhouettes.push_back(panel.silhouette);
  }
  h5.dataset<double>(group + "pca_share", shares, {trial_layout::layer, coordinate}, {"share of the variance", "1"});
  h5.dataset<double>(group + "umap_from_share", kept, {trial_layout::layer},
                     {"share of the variance that UMAP started from", "1"});
  h5.dataset<double>(group + "silhouette", silhouettes, {trial_layout::layer},
                     {"silhouette of the UMAP by label", "1"});
  if (!e.circle.empty()) h5.dataset<std::int64_t>(group + "circle", e.circle, {point}, {plot::label_meaning, "1"});
  if (!e.phase.empty()) h5.dataset<double>(group + "phase", e.phase, {point}, {"phase", "radian"});
  if (e.blocks.empty()) return;
  h5.text_scale(block, e.blocks, {"Mamba block, its output before it joins the residual stream", "1"});
  h5.dataset<float>(group + "block_umap", joined(e.of_blocks, &Embedded::umap), {block, point, coordinate},
                    {"UMAP", "1"});
  h5.text_dataset(group + "block_umap_start", starts_of(e.of_blocks), {block}, {start_words, "1"});
}

}  // namespace mambasynth::analysis::trial_file
