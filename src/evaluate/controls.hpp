#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "evaluate/panel_rows.hpp"
#include "evaluate/truth.hpp"

namespace mambasynth::evaluate {

/// The series without its noise at the given steps, (step, channel), at random phases within each step: a circle has
/// only as many positions as its period has steps, so rows would be duplicates otherwise. Nothing if circles, phases or
/// planes are unknown or centers drift.
std::optional<PanelRows> signal_rows(Truth const& truth, std::span<std::int64_t const> steps);

/// Independent standard normal numbers, (count, dims); no estimator depends on their scale.
PanelRows noise_rows(std::int64_t count, std::int64_t dims);

/// The rows with the values of each feature permuted independently: every feature keeps its distribution but loses its
/// dependence on the others.
PanelRows shuffled_rows(PanelRows rows);

}  // namespace mambasynth::evaluate
