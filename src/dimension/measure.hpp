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
  analysis::dimension::DimensionEstimates estimates;  ///< at those k that are below points - 1
};

struct Measured {
  std::string array;
  std::int64_t rows = 0;    ///< in the file
  std::int64_t points = 0;  ///< measured
  std::int64_t dims = 0;
  double noise = 0;  ///< standard deviation per channel; 0: unknown
  analysis::dimension::DimensionEstimates all;
  std::vector<std::int64_t> radii;                      ///< inner radii; empty if the data are not integers
  std::vector<analysis::dimension::Estimate> binomial;  ///< (radii)
  analysis::dimension::LocalCorrelation correlation;    ///< empty if not requested
  std::string labels_name;
  std::vector<Group> groups;

  /// Root mean square distance between two noisy observations of the same point, noise * sqrt(2 dims). In this unit,
  /// distances below 1 probe the noise and distances above 1 the structure under it. 0: unknown.
  [[nodiscard]] double noise_distance() const;
};

/// The names of the stages (progress/count.hpp) of measure(), in order; some are left out if the rows do not ask for
/// them.
std::vector<std::string> stages(config::Dimension const& config);

/// Measures the drawn rows as [dimension] specifies. Errors: errors::usage if a k needs more rows than there are.
Measured measure(Array const& array, config::Dimension const& config, int threads,
                 analysis::neighbors::NeighborSearch const& search);

}  // namespace mambasynth::dimension
