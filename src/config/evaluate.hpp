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
  static auto fields() {
    return std::tuple{
        Field{"lb_k", &Evaluate::lb_k, between(3, most_count), "neighbours k of the intrinsic-dimension estimators",
              Effect::none},
        Field{"lb_points", &Evaluate::lb_points, between(4, most_count), "rows of the intrinsic-dimension estimators",
              Effect::measurement},
        Field{"umap", &Evaluate::umap, one_of({"auto", "on", "off"}),
              "embed rows of every layer in the plane by UMAP and PCA; auto = of a checkpoint (evaluate), not of each "
              "trial",
              Effect::none},
        Field{"umap_points", &Evaluate::umap_points, between(2, most_count),
              "rows drawn for UMAP before those of the estimators", Effect::measurement},
        Field{"dimension_points", &Evaluate::dimension_points, between(0, most_count),
              "rows of all estimators but the original's; 0 = the same rows as it", Effect::measurement},
        Field{"blocks", &Evaluate::blocks, between(0, most_count),
              "stretches of time that block errors compare; 0 or 1 = none", Effect::none},
        Field{"controls", &Evaluate::controls, any(),
              "measure untrained network, noise-free signal, pure noise and shuffled activations too", Effect::none},
        Field{"probes", &Evaluate::probes, any(),
              "linear probes of every layer: circle, phase, revolutions elapsed, the oracle's posteriors",
              Effect::none},
        Field{"probe_points", &Evaluate::probe_points, between(100, most_count),
              "rows of the probes, evenly spaced in time", Effect::measurement},
        Field{"similarity", &Evaluate::similarity, any(),
              "compare layers with each other: debiased CKA, shared neighbours", Effect::none},
        Field{"similarity_points", &Evaluate::similarity_points, between(10, most_count),
              "rows that they are compared at, evenly spaced in time", Effect::measurement},
        Field{"shared_points", &Evaluate::shared_points, between(0, most_count),
              "rows of every layer kept in trial.h5 (250 of seven layers of 128: 0.9 MB), evenly spaced in time, by "
              "which the collator compares trials; 0 = none",
              Effect::none},
        Field{"overlap_k", &Evaluate::overlap_k, between(1, most_count),
              "neighbours that shared neighbourhoods compare", Effect::measurement},
        Field{"overlap_theiler", &Evaluate::overlap_theiler, between(0, most_steps),
              "rows up to this many steps away are no such neighbours; 0 = all are", Effect::measurement},
        Field{"umap_neighbors", &Evaluate::umap_neighbors, between(2, most_count),
              "neighbours of a row in UMAP's graph, itself counted", Effect::none},
        Field{"umap_min_dist", &Evaluate::umap_min_dist, between(0, 1), "least distance of points that UMAP aims at",
              Effect::none},
        Field{"pca", &Evaluate::pca, between(0, most_count),
              "principal components that UMAP starts from where a layer has more dimensions; 0 = the layer itself",
              Effect::none},
        Field{"activations", &Evaluate::activations, any(), "write activations.h5", Effect::none},
        Field{"gates", &Evaluate::gates, any(), "gate signals in activations.h5 too", Effect::none},
    };
  }
};

}  // namespace mambasynth::config
