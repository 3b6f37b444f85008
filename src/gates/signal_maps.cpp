#include "gates/signal_maps.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "analysis/plot/embedding_figures.hpp"
#include "analysis/plot/labels.hpp"
#include "errors/stop.hpp"
#include "gates/samples.hpp"
#include "progress/count.hpp"
#include "series/digest.hpp"
#include "series/windows.hpp"

namespace mambasynth::gates {
namespace {

std::vector<std::int64_t> circles_of(SignalMaps const& maps, std::span<std::int64_t const> circle) {
  std::vector<std::int64_t> of_point;
  if (circle.empty()) return of_point;
  for (auto const t : maps.time) of_point.push_back(circle[static_cast<std::size_t>(t)]);
  return of_point;
}

}  // namespace

SignalMaps map_signals(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                       config::Gates const& config, int threads) {
  auto const windows = static_cast<std::int64_t>(series::window_starts(series.size(0), seq_len, seq_len).size());
  SignalMaps result;
  result.layers = network.config().n_layers;
  result.time = series::steps_to_embed(windows * seq_len, config.umap_points, config::umap_seed);
  auto const layers = static_cast<std::size_t>(result.layers);
  auto const points = static_cast<std::int64_t>(result.time.size());

  std::vector<std::vector<float>> rows(mapped_signals.size() * layers);
  result.dims.resize(mapped_signals.size());
  auto const size = std::max<std::int64_t>(1, batch_steps / seq_len);
  auto next = result.time.begin();
  std::optional<progress::Count> counted(std::in_place, windows, "window");
  for (std::int64_t first = 0; first < windows; first += size) {
    errors::check_stop();
    auto const count = std::min(size, windows - first);
    auto const last = std::lower_bound(next, result.time.end(), (first + count) * seq_len);
    counted->add(count);
    if (next == last) continue;
    std::vector<std::int64_t> here(next, last);
    next = last;
    for (auto& step : here) step -= first * seq_len;
    auto const chosen = at::tensor(here, at::kLong);
    auto const signals =
        network.gates(series.narrow(0, first * seq_len, count * seq_len).view({count, seq_len, series.size(1)}));
    for (std::size_t s = 0; s < mapped_signals.size(); ++s)
      for (std::size_t layer = 0; layer < layers; ++layer) {
        auto const picked = (signals[layer].*mapped_signals[s].member)
                                .to(at::kFloat)
                                .flatten(0, 1)
                                .index_select(0, chosen)
                                .contiguous();
        result.dims[s] = picked.size(1);
        auto const* value = picked.const_data_ptr<float>();
        rows[s * layers + layer].insert(rows[s * layers + layer].end(), value, value + picked.numel());
      }
  }

  counted.reset();
  std::vector<analysis::embedding::Panel> panels;
  for (std::size_t i = 0; i < rows.size(); ++i) panels.push_back({rows[i], result.dims[i / layers]});
  result.maps = analysis::embedding::umap_of_each(panels, points,
                                                  {.neighbors = config.umap_neighbors,
                                                   .min_dist = config.umap_min_dist,
                                                   .seed = config::umap_seed,
                                                   .threads = threads});
  return result;
}

void draw_signal_maps(SignalMaps const& maps, std::span<std::int64_t const> circle, std::int64_t circles,
                      std::filesystem::path const& folder, analysis::plot::Labels labels) {
  constexpr int columns = 4;
  auto const coloring = analysis::plot::by_category(analysis::plot::word_of(labels), circles_of(maps, circle), circles);
  for (std::size_t s = 0; s < mapped_signals.size(); ++s) {
    std::vector<analysis::plot::EmbeddingPanel> panels;
    for (auto const& map : maps.of(s))
      panels.push_back({fmt::format("layer {} ({}-D)", panels.size() + 1, maps.dims[s]), map.coordinates, &coloring});
    analysis::plot::draw_embeddings(mapped_signals[s].figure, fmt::format("UMAP of the {}", mapped_signals[s].what),
                                    panels, columns, "steps of the series", {}, folder);
  }
}

void write_signal_maps(store::Hdf5Writer& h5, SignalMaps const& maps, std::span<std::int64_t const> circle,
                       config::Gates const& config) {
  std::vector<std::int64_t> point(maps.time.size());
  for (std::size_t i = 0; i < point.size(); ++i) point[i] = static_cast<std::int64_t>(i);
  h5.scale<std::int64_t>("/point", point, {"embedded step, counted from 0", "1"});
  h5.scale<std::int64_t>("/axis", std::vector<std::int64_t>{0, 1}, {"axis of the embedding", "1"});
  h5.group("/umap");
  h5.attribute("/umap", "neighbors", config.umap_neighbors);
  h5.attribute("/umap", "neighbors_used", maps.maps.front().neighbors);
  h5.attribute("/umap", "min_dist", config.umap_min_dist);
  h5.attribute("/umap", "seed", config::umap_seed);
  h5.dataset<std::int64_t>("/umap/time", maps.time, {"/point"}, {"step of the series", "step"});
  if (!circle.empty())
    h5.dataset<std::int64_t>("/umap/circle", circles_of(maps, circle), {"/point"},
                             {analysis::plot::label_meaning, "1"});
  for (std::size_t s = 0; s < mapped_signals.size(); ++s) {
    std::vector<float> coordinates;
    std::vector<std::string> starts;
    for (auto const& map : maps.of(s)) {
      coordinates.insert(coordinates.end(), map.coordinates.begin(), map.coordinates.end());
      starts.emplace_back(analysis::embedding::name_of(map.start));
    }
    auto const path = std::string("/umap/") + mapped_signals[s].name;
    h5.dataset<float>(path, coordinates, {"/layer", "/point", "/axis"},
                      {fmt::format("UMAP of the {}", mapped_signals[s].what), "1"});
    h5.text_dataset(
        path + "_start", starts, {"/layer"},
        {"where the layout started: spectral (the graph's Laplacian), random (usually a disconnected graph), "
         "none (no layout)",
         "1"});
  }
}

}  // namespace mambasynth::gates
