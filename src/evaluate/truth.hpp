#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "series/process.hpp"

namespace mambasynth::evaluate {

/// What is known of a series beside its values; empty where nothing is.
struct Truth {
  std::span<std::int64_t const> circle;  ///< (time)
  std::span<double const> phase;         ///< (time), radians
  series::Process const* process =
      nullptr;             ///< what was drawn before the path; of a foreign series what its file holds
  bool generated = false;  ///< the process is the whole truth about the series

  /// Of the given steps; empty where nothing is known.
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
