#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "analysis/statistics/blocks.hpp"

namespace mambasynth::analysis::dimension {

/// Points of the lattice Z^d within `radius` of one of its points in the L1 metric, sum_j 2^j C(d,j) C(radius,j), which
/// holds for real d too (an Ehrhart polynomial), and its derivative in d, both divided by the same power of two.
struct LatticeVolume {
  double value, derivative;
};
LatticeVolume lattice_volume(std::int64_t radius, double d);
/// V(inner, d) / V(outer, d); falls from 1 at d = 0.
double volume_ratio(std::int64_t inner, std::int64_t outer, double d);

/// How many points lie within each of two L1 radii of each point, for data on a lattice; duplicates count.
struct LatticeCounts {
  std::int64_t inner = 0, outer = 0;
  std::vector<std::int64_t> within_inner, within_outer;  ///< (point), not counting the point itself
  std::vector<std::int64_t> inner_own, outer_own;        ///< (point), those of them in the point's own block
};

/// The binomial estimator for discrete data, I3D (Macocco, Glielmo, Grilli & Laio 2023, Phys. Rev. Lett. 130:067401):
/// of the k_i points within `outer` of point i, n_i lie within `inner`, binomially with p = V(inner, d) / V(outer, d).
/// The root d of p(d) = sum n / sum k. Nominal error: the Cramer-Rao bound sqrt(p (1-p) / sum k) / |dp/dd|, which
/// treats the k_i of all points as independent although each pair is counted in two of them: a lower bound. Error by
/// blocks: the jackknife variance of p minus what it counts twice, once for each end of a pair (2 p (1-p) / sum k, the
/// variance due to pairs alone, which is also the lower limit). NaN if no point lies within `inner`, or if all of them
/// do.
Estimate binomial_dimension(LatticeCounts const& counts, statistics::Blocks const& blocks = {});

/// rows: (point, dims), whole numbers. 1 <= inner[i], outer = 2 inner. `period`: 0, or the length of a periodic lattice
/// in every dimension. One pass over all pairs for all radii. Points within the temporal window of each other are not
/// counted. `blocks`: those of binomial_dimension. Errors: errors::usage for no points, radii below 1.
std::vector<LatticeCounts> lattice_counts(std::span<std::int32_t const> rows, std::int64_t points, std::int64_t dims,
                                          std::vector<std::int64_t> const& inner, std::int64_t period = 0,
                                          int threads = 0, neighbors::TemporalWindow const& window = {},
                                          statistics::Blocks const& blocks = {});

}  // namespace mambasynth::analysis::dimension
