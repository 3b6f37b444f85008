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
  static auto fields() {
    return std::tuple{
        Field{"k", &Dimension::k, at_least(3), "neighbours k of Levina-Bickel and MacKay-Ghahramani", Effect::none},
        Field{"points", &Dimension::points, at_least(0), "rows to draw without replacement; 0 = all", Effect::none},
        Field{"seed", &Dimension::seed, seeds(), "seed of that draw", Effect::none},
        Field{"theiler", &Dimension::theiler, at_least(0), "rows up to this many steps away are no neighbours; 0 = all are", Effect::none},
        Field{"max_n1", &Dimension::max_n1, at_least(1), "Gride at n1 = 1, 2, 4, ... up to this one, as far as the rows go", Effect::none},
        Field{"blocks", &Dimension::blocks, at_least(0), "stretches of time that the block errors compare; 0 or 1 = none", Effect::none},
        Field{"noise", &Dimension::noise, at_least(0), "standard deviation of the noise of a channel, the unit of distances; 0 = as the series says", Effect::none},
        Field{"array", &Dimension::array, any(), "which array of an .npz or HDF5 file; empty = the series or the only matrix", Effect::none},
        Field{"labels", &Dimension::labels, any(), "array of whole numbers that groups the rows; empty = the series' circles", Effect::none},
        Field{"radii", &Dimension::radii, at_least(1), "inner radii of the binomial estimator on whole numbers, the outer is twice as far", Effect::none},
        Field{"fci_centres", &Dimension::fci_centres, at_least(0), "points around which the full correlation integral is fitted; 0 = none", Effect::none},
        Field{"fci_k", &Dimension::fci_k, at_least(10), "neighbours in each of those fits", Effect::none},
    };
  }
};

}  // namespace mambasynth::config
