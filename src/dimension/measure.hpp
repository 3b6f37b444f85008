#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/dimension/full_correlation.hpp"
#include "analysis/dimension/intrinsic_dimension.hpp"
#include "config/config.hpp"
#include "dimension/array.hpp"

namespace mambasynth::dimension {

/// The rows with one label.
struct Group {
  std::int64_t label = 0, points = 0;
  analysis::dimension::DimensionEstimates estimates;  ///< at the k that have fewer than points - 1 neighbours
};

struct Measured {
  std::string array;
  std::int64_t rows = 0;    ///< in the file
  std::int64_t points = 0;  ///< measured
  std::int64_t dims = 0;
  double noise = 0;  ///< standard deviation of a channel; 0: not known
  analysis::dimension::DimensionEstimates all;
  std::vector<std::int64_t> radii;                      ///< inner ones; empty if the data are not integers
  std::vector<analysis::dimension::Estimate> binomial;  ///< (radii)
  analysis::dimension::LocalCorrelation correlation;    ///< empty where not asked for
  std::string labels_name;
  std::vector<Group> groups;

  /// Root mean square distance between two noisy observations of one and the same point, noise * sqrt(2 dims): the unit
  /// in which a distance says whether an estimate looks at the noise (below 1) or at what it hides (above). 0: not
  /// known.
  [[nodiscard]] double noise_distance() const;
};

/// The drawn rows and all that [dimension] asks for. Errors: errors::usage where a k needs more rows than there are.
Measured measure(Array const& array, config::Dimension const& config, int threads,
                 analysis::neighbours::NeighbourSearch const& search);

}  // namespace mambasynth::dimension
