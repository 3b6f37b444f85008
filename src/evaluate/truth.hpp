#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "series/process.hpp"

namespace mambasynth::evaluate {

/// What is known about a series in addition to its values; empty if unknown.
struct Truth {
  std::span<std::int64_t const> circle;  ///< (time)
  std::span<double const> phase;         ///< (time), radians
  series::Process const* process =
      nullptr;             ///< what was drawn before the path; of a foreign series, what its file holds
  bool generated = false;  ///< the process describes the series completely

  /// At the given steps; empty if unknown.
  [[nodiscard]] std::vector<std::int64_t> circle_at(std::span<std::int64_t const> steps) const {
    return at(circle, steps);
  }
  [[nodiscard]] std::vector<double> phase_at(std::span<std::int64_t const> steps) const { return at(phase, steps); }

 private:
  template <class T>
  static std::vector<T> at(std::span<T const> values, std::span<std::int64_t const> steps) {
    std::vector<T> chosen;
    if (values.empty()) return chosen;
    for (auto const step : steps) chosen.push_back(values[static_cast<std::size_t>(step)]);
    return chosen;
  }
};

}  // namespace mambasynth::evaluate
