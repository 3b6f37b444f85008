#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/labels.hpp"

namespace mambasynth::generate {

/// One generated sample; arrays (step, channel).
struct GeneratedSample {
  std::int64_t number = 0, channels = 0, seed_start = 0;
  std::span<float const> seed, generated, truth;
  std::span<std::int64_t const> seed_circle;  ///< circle of each seed step, or empty
  std::int64_t circles = 0;
  double mse = 0;
  double sampling_rate = 0;  ///< Hz, for a time axis in seconds; 0: in steps
  analysis::plot::Labels labels = analysis::plot::Labels::circles;
  bool standardized = false;                  ///< `mse` is in squared standard deviations of the channels
  std::span<std::int64_t const> bursts = {};  ///< steps after the seed at which one begins
};

/// Draws into `folder` generation_<number> (circle of the seed's steps, light gray after it; seed and generated steps
/// with a dashed line between them) and generation_vs_gt_<number> (series, generated steps, difference). Triangles mark
/// bursts.
void draw_generation(GeneratedSample const& sample, std::filesystem::path const& folder);

}  // namespace mambasynth::generate
