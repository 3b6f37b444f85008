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

/// The series without its noise at the given steps, (step, channel), anywhere within the step: a circle has as many
/// positions as its period has steps, and rows would be each other's duplicates. Nothing where circles, phases or
/// planes are not known, or centres drift.
std::optional<PanelRows> signal_rows(Truth const& truth, std::span<std::int64_t const> steps);

/// Independent standard normal numbers, (count, dims): scale changes no estimator.
PanelRows noise_rows(std::int64_t count, std::int64_t dims);

/// The rows with each feature's values permuted by themselves: every feature keeps its distribution, what the features
/// have in common goes.
PanelRows shuffled_rows(PanelRows rows);

}  // namespace mambasynth::evaluate
