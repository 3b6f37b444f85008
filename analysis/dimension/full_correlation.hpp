#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/statistics/blocks.hpp"

namespace mambasynth::analysis::dimension {

/// Fraction of pairs of independent, uniformly distributed points on the unit sphere in d dimensions that are closer
/// than r (Erba, Gherardi & Rotondo 2019, Sci. Rep. 9:17133, eq. 1): their cosine u = 1 - r^2/2 has density ~ (1 -
/// u^2)^((d-3)/2). Real d > 1.
double sphere_correlation(double r, double d);

/// A fitted full correlation integral.
struct CorrelationFit {
  double dimension;  ///< NaN if nothing can be fitted
  double residual;   ///< root mean square of empirical minus fitted integral: above about 0.03, the points are not an
                     ///< isotropic linear patch, and the dimension is not valid
};

/// Points centered on their mean, each scaled to length 1, and the share of pairs nearer than r fitted over all r by
/// least squares in d. For a patch that is nearly linear; unlike neighbor estimators, it does not need a number of
/// points exponential in d. Points at the mean itself are left out. rows: (point, dims).
CorrelationFit full_correlation_dimension(std::span<double const> rows, std::int64_t points, std::int64_t dims);

/// The same around several centers, at several sizes of neighborhood.
struct LocalCorrelation {
  std::vector<std::int64_t> k;
  std::vector<double> dimension;  ///< (k), mean over the centers
  std::vector<double> se;         ///< (k), of that mean, over the centers: a lower bound, since they share rows
  std::vector<double> se_blocks;  ///< (k), by leaving blocks out (BlockShifts); NaN without blocks
  std::vector<double> residual;   ///< (k), mean over the centers
};

/// Neighborhoods: a center and its k nearest rows (exact), for each center. Values of k above points - 1 are left out.
/// Leaving out a block removes its centers, and the other centers take their next nearest rows in place of those in the
/// block (observed shifts); which rows come next is chance, so the expected shifts omit them. rows: (point, dims);
/// centers: indices of rows.
LocalCorrelation local_correlation_dimension(std::span<double const> rows, std::int64_t points, std::int64_t dims,
                                             std::vector<std::int64_t> const& centers,
                                             std::vector<std::int64_t> const& k, statistics::Blocks const& blocks = {},
                                             int threads = 0);

}  // namespace mambasynth::analysis::dimension
