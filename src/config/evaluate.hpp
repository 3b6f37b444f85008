#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "config/field.hpp"
#include "config/umap.hpp"

namespace mambasynth::config {

/// What is measured on a checkpoint.
struct Evaluate {
  Integers lb_k = {10, 30, 100};
  std::int64_t lb_points = 2000;
  std::int64_t dimension_points = 0;
  std::int64_t blocks = 20;
  bool controls = true;
  bool probes = true;
  std::int64_t probe_points = 5000;
  bool similarity = true;
  std::int64_t similarity_points = 4000;
  std::int64_t shared_points = 250;
  std::int64_t overlap_k = 30;
  std::int64_t overlap_theiler = 500;
  std::string umap = "auto";
  std::int64_t umap_points = config::umap_points;
  std::int64_t umap_neighbors = config::umap_neighbors;
  double umap_min_dist = config::umap_min_dist;
  std::int64_t pca = 0;
  bool activations = false;
  bool gates = false;

  static constexpr std::string_view section = "evaluate";
  static constexpr std::string_view title = "measurements";
  static auto fields() {
    return std::tuple{
        Field{"lb_k", &Evaluate::lb_k, between(3, most_count), "neighbors k of intrinsic dimension", Effect::none}
            .own(),
        Field{"lb_points", &Evaluate::lb_points, between(4, most_count), "rows of the intrinsic-dimension estimators",
              Effect::measurement},
        Field{"umap", &Evaluate::umap, one_of({"auto", "on", "off"}),
              "embed rows of every layer in the plane by UMAP and PCA; auto = on in `evaluate`, off in trials",
              Effect::none}
            .own(),
        Field{"umap_points", &Evaluate::umap_points, between(2, most_count),
              "rows drawn for UMAP, before those of the estimators", Effect::measurement},
        Field{"dimension_points", &Evaluate::dimension_points, between(0, most_count),
              "rows of all estimators except the original's; 0 = the same rows", Effect::measurement},
        Field{"blocks", &Evaluate::blocks, between(0, most_count), "blocks of time for block errors; 0 or 1 = none",
              Effect::none},
        Field{"controls", &Evaluate::controls, any(),
              "also measure the untrained network, the noise-free signal, noise, shuffled rows", Effect::none}
            .own(),
        Field{"probes", &Evaluate::probes, any(),
              "linear probes of circle, phase, revolutions elapsed, the oracle's posteriors", Effect::none}
            .own(),
        Field{"probe_points", &Evaluate::probe_points, between(100, most_count),
              "rows of the probes, evenly spaced in time", Effect::measurement},
        Field{"similarity", &Evaluate::similarity, any(),
              "compare layers with each other: debiased CKA, shared neighbors", Effect::none}
            .own(),
        Field{"similarity_points", &Evaluate::similarity_points, between(10, most_count),
              "rows at which layers are compared, evenly spaced in time", Effect::measurement},
        Field{"shared_points", &Evaluate::shared_points, between(0, most_count),
              "rows of every layer kept in trial.h5 (250 of seven layers of 128: 0.9 MB), evenly spaced in time, for "
              "the collator to compare trials; 0 = none",
              Effect::none},
        Field{"overlap_k", &Evaluate::overlap_k, between(1, most_count),
              "neighbors per row for the overlap of neighborhoods", Effect::measurement},
        Field{"overlap_theiler", &Evaluate::overlap_theiler, between(0, most_steps),
              "rows within this many steps do not count as neighbors there; 0 = all do", Effect::measurement},
        Field{"umap_neighbors", &Evaluate::umap_neighbors, between(2, most_count),
              "neighbors of a row in UMAP's graph, including itself", Effect::none},
        Field{"umap_min_dist", &Evaluate::umap_min_dist, between(0, 1), "minimum distance of points in UMAP",
              Effect::none},
        Field{"pca", &Evaluate::pca, between(0, most_count),
              "principal components to which a wider layer is reduced before UMAP; 0 = no reduction", Effect::none},
        Field{"activations", &Evaluate::activations, any(), "write activations.h5", Effect::none}.own(),
        Field{"gates", &Evaluate::gates, any(), "also write the gate signals to activations.h5", Effect::none},
    };
  }
};

}  // namespace mambasynth::config
