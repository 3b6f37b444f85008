#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "config/field.hpp"
#include "config/umap.hpp"

namespace mambasynth::config {

/// Gate signals of some windows, and their statistics around switches of the circle.
struct Gates {
  std::int64_t seed = 42;
  std::int64_t n_samples = 3;
  std::optional<std::int64_t> layer;
  std::optional<std::int64_t> sample;
  std::int64_t around = 100;
  std::optional<std::int64_t> skip;
  bool signals = false;
  bool umap = false;
  std::int64_t umap_points = config::umap_points;
  std::int64_t umap_neighbors = config::umap_neighbors;
  double umap_min_dist = config::umap_min_dist;

  static constexpr std::string_view section = "gates";
  static constexpr std::string_view title = "gate signals";
  static auto fields() {
    return std::tuple{
        Field{"seed", &Gates::seed, seeds(), "seed of the choice of windows", Effect::none}.own(),
        Field{"n_samples", &Gates::n_samples, between(1, most_count), "windows to show, drawn without replacement",
              Effect::none}
            .own(),
        Field{"layer", &Gates::layer, between(1, most_count),
              "draw this layer, counted from 1 [default: a summary, the first and the last layer]", Effect::none}
            .own(),
        Field{"sample", &Gates::sample, between(0, most_count),
              "show only this one of the drawn windows, counted from 0 [default: all]", Effect::none}
            .own(),
        Field{"around", &Gates::around, between(1, most_count),
              "steps before and after a switch of the circle covered by the statistics", Effect::none}
            .own(),
        Field{"skip", &Gates::skip, between(0, most_steps),
              "steps at the start of each window that the statistics skip, since the network has seen too little "
              "[default: an eighth of the window]",
              Effect::none},
        Field{"signals", &Gates::signals, any(), "write the windows' full signals to gates.h5, not only their means",
              Effect::none}
            .own(),
        Field{"umap", &Gates::umap, any(), "embed each layer's signals in the plane by UMAP (minutes)", Effect::none}
            .own(),
        Field{"umap_points", &Gates::umap_points, between(2, most_count),
              "steps of the series to embed, drawn without replacement", Effect::none},
        Field{"umap_neighbors", &Gates::umap_neighbors, between(2, most_count),
              "neighbors of a step in UMAP's graph, including itself", Effect::none},
        Field{"umap_min_dist", &Gates::umap_min_dist, between(0, 1), "minimum distance of points in UMAP",
              Effect::none},
    };
  }
};

}  // namespace mambasynth::config
