#include "analysis/neighbors/scaled_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "errors/errors.hpp"

namespace mambasynth::analysis::neighbors {
namespace {

/// Over the nonzero values.
struct Magnitudes {
  double least = std::numeric_limits<double>::infinity(), largest = 0;
};

Magnitudes magnitudes_of(std::span<double const> rows) {
  Magnitudes found;
  for (auto const value : rows) {
    auto const size = std::abs(value);
    if (size > 0) found.least = std::min(found.least, size);
    found.largest = std::max(found.largest, size);
  }
  return found;
}

}  // namespace

ScaledRows scaled_rows(std::span<double const> rows, std::int64_t dims) {
  constexpr double least = 0x1p-900, low = 0x1p-300, high = 0x1p300;
  constexpr int wanted = 400;
  auto const found = magnitudes_of(rows);
  ScaledRows scaled{.copy = {}, .rows = rows, .exponent = 0};
  if (found.largest == 0 || (found.largest >= low && found.largest <= high && found.least >= least)) return scaled;
  scaled.exponent = wanted - std::ilogb(found.largest);
  scaled.copy.reserve(rows.size());
  for (auto const value : rows) {
    auto const one = std::ldexp(value, scaled.exponent);
    if (std::ldexp(one, -scaled.exponent) != value) {
      auto const at = static_cast<std::int64_t>(scaled.copy.size());
      throw errors::input(fmt::format("value {:.3g} in row {}, column {} next to values up to {:.3g}", value, at / dims,
                                      at % dims, found.largest),
                          "distances of both kinds do not fit into the range of double precision",
                          "Rescale the columns, or remove the row");
    }
    scaled.copy.push_back(one);
  }
  scaled.rows = scaled.copy;
  return scaled;
}

bool may_be_small(std::span<double const> rows) {
  // Distinct doubles differ by at least one unit in the last place, about 2^-52 of the smaller one.
  constexpr double safe = 0x1p-340;
  return std::any_of(rows.begin(), rows.end(), [](double value) { return value != 0 && std::abs(value) < safe; });
}

}  // namespace mambasynth::analysis::neighbors
