#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::series {

/// (time): steps since the circle of `circle` (time) was entered; a series begins with a visit.
std::vector<std::int64_t> steps_in_visit(std::span<std::int64_t const> circle);

}  // namespace mambasynth::series
