#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::evaluate {

/// Chosen rows of one panel, (row, dims), in the requested order.
struct PanelRows {
  std::int64_t dims = 0;
  std::vector<float> values;

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(values.size()) / dims; }
};

/// The same rows of every panel of a network, and of the same network with its initial weights (or none).
struct PanelPair {
  std::vector<PanelRows> const& trained;
  std::vector<PanelRows> const& untrained;
};

}  // namespace mambasynth::evaluate
