#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "config/field.hpp"

namespace mambasynth::config {

/// Intrinsic dimension of any array.
struct Dimension {
  Integers k = {10, 30, 100};
  std::int64_t points = 0;
  std::int64_t seed = 0;
  std::int64_t theiler = 0;
  std::int64_t max_n1 = 64;
  std::int64_t blocks = 20;
  double noise = 0;
  std::string array;
  std::string labels;
  Integers radii = {1, 2, 4, 8};
  std::int64_t fci_centres = 0;
  Integers fci_k = {50, 100, 200, 400};

  static constexpr std::string_view section = "dimension";
  static constexpr std::string_view title = "estimates";
  static auto fields() {
    return std::tuple{
        Field{"k", &Dimension::k, between(3, most_count), "neighbors k of Levina-Bickel and MacKay-Ghahramani",
              Effect::none}
            .own(),
        Field{"points", &Dimension::points, between(0, most_count), "rows to draw without replacement; 0 = all",
              Effect::none}
            .own(),
        Field{"seed", &Dimension::seed, seeds(), "seed of that draw", Effect::none},
        Field{"theiler", &Dimension::theiler, between(0, most_steps),
              "rows within this many steps do not count as neighbors; 0 = all do", Effect::none}
            .own(),
        Field{"max_n1", &Dimension::max_n1, between(1, most_count),
              "Gride at n1 = 1, 2, 4, ... up to this value, if there are enough rows", Effect::none}
            .own(),
        Field{"blocks", &Dimension::blocks, between(0, most_count), "blocks of time for block errors; 0 or 1 = none",
              Effect::none}
            .own(),
        Field{"noise", &Dimension::noise, Allowed{.least = 0, .most = 1e150, .smallest = 1e-300},
              "standard deviation of each channel's noise, the unit of distances; 0 = from the series", Effect::none}
            .own(),
        Field{"array", &Dimension::array, any(), "array of an .npz or HDF5 file; empty = the series or the only matrix",
              Effect::none}
            .own(),
        Field{"labels", &Dimension::labels, any(),
              "array of integers that groups the rows; empty = the series' circles", Effect::none}
            .own(),
        Field{"radii", &Dimension::radii, between(1, most_width),
              "inner radii of the binomial estimator on integers; the outer radius is twice the inner", Effect::none},
        Field{"fci_centres", &Dimension::fci_centres, between(0, most_count),
              "points around which the full correlation integral is fitted; 0 = none", Effect::none}
            .own(),
        Field{"fci_k", &Dimension::fci_k, between(10, most_count), "neighbors in each of those fits", Effect::none},
    };
  }
};

}  // namespace mambasynth::config
