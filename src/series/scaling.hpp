#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mambasynth::series {

/// Standardization of each channel: z = (x - mean) / std. Without channels, it changes nothing.
struct Scaling {
  std::vector<double> mean, std;  ///< (channel), in the series' units; std above 0

  [[nodiscard]] bool empty() const { return mean.empty(); }
  /// x: (step, channel), in place, computed in double precision.
  void apply(std::span<float> x) const;
  void undo(std::span<float> z) const;
};

/// Mean and population standard deviation of each channel over the steps of the windows at `starts`, each step once.
/// A constant channel has std 1. x: (time, channel).
Scaling scaling_of(std::span<float const> x, std::int64_t channels, std::vector<std::int64_t> starts,
                   std::int64_t length);

/// A note on standard deviations below 0.1 or above 10, or means above 10: a training at the usual rates expects values
/// of about 1. Empty if there is nothing to say.
std::string note_on_scales(Scaling const& scales);

}  // namespace mambasynth::series
