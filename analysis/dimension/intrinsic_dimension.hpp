#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "analysis/dimension/plateau.hpp"
#include "analysis/neighbours/neighbour_search.hpp"
#include "analysis/neighbours/neighbours.hpp"
#include "analysis/statistics/blocks.hpp"

// Intrinsic dimension from the distances T_1 <= T_2 <= ... of each point to its nearest other points.
//
// Copies: estimate_all() measures distinct rows, so that a row that was recorded twice counts once, as a point and as a
// neighbour. levina_bickel_original keeps the original program's treatment: all rows, and a point with a copy counts as
// 0. The functions of neighbours that are known already see distances only: they leave zero distances out, use the next
// ones, and leave a point out that has too few.
//
// Standard errors `se` are nominal: they hold for independent neighbourhoods in a locally uniform density.
// Neighbourhoods of the same rows overlap and rows of a series depend on each other, so they are lower bounds;
// `se_blocks` leaves stretches of time out and sees both (BlockShifts in blocks.hpp); it is at least half the nominal
// one.
namespace mambasynth::analysis::dimension {

/// NaN where undefined: no point that counts, or (errors only) too few.
struct Estimate {
  double value;
  double se;
  double se_blocks = std::numeric_limits<double>::quiet_NaN();
};

/// The original program's Levina-Bickel: mean over points of m_i = (k-1) / sum_{j<k} ln(T_k/T_j). Its expectation is
/// d (k-1)/(k-2). A point with T_k < 1e-12 min(1, largest T_k) or a mean logarithm <= 1e-10 is left out; one with a
/// duplicate counts as 0. All functions of k: 3 <= k <= neighbours.k, else errors::usage.
Estimate levina_bickel_original(neighbours::Neighbours const& neighbours, std::int64_t k);
/// Levina & Bickel 2004 (NIPS 17), unbiased form: mean over points of (k-2) / sum_{j<k} ln(T_k/T_j). The error needs
/// k > 3: each m_i has variance d^2 / (k-3).
Estimate levina_bickel(neighbours::Neighbours const& neighbours, std::int64_t k);
/// MacKay & Ghahramani 2005 (comment on Levina & Bickel): 1 / mean over points of sum_{j<k} ln(T_k/T_j) / (k-1).
Estimate mackay_ghahramani(neighbours::Neighbours const& neighbours, std::int64_t k);

/// TwoNN (Facco et al. 2017, Sci. Rep. 7:12140), mu_i = T_2/T_1 of N points: (N-1) / sum ln mu_i. Needs neighbours.k
/// >= 2.
Estimate two_nn_ml(neighbours::Neighbours const& neighbours);
/// The same by least squares through the origin of -ln(1 - F_i) on ln mu_(i), F_i = i/N, without the top 10 %.
/// Error: first order in the deviations of exponential order statistics from their expectations.
Estimate two_nn_ls(neighbours::Neighbours const& neighbours);

/// Gride (Denti et al. 2022, Sci. Rep. 12:20005) with n2 = 2 n1 and mu = T_n2/T_n1: the root d of
/// (N-1)/d = sum [(n2-1) ln mu - (n2-n1-1) ln mu / (1 - mu^-d)]. Needs 1 <= n1, 2 n1 <= neighbours.k.
Estimate gride(neighbours::Neighbours const& neighbours, std::int64_t n1);

/// Every estimator on one set of points.
struct DimensionEstimates {
  std::int64_t points = 0;
  std::int64_t duplicates = 0;  ///< points that equal another one
  std::vector<std::int64_t> k;
  std::vector<Estimate> levina_bickel_original, levina_bickel, mackay_ghahramani;  ///< (k)
  std::vector<double> distance_k;  ///< (k), mean of T_k over the points: the scale that k looks at
  Estimate two_nn_ml{}, two_nn_ls{};
  std::vector<std::int64_t> n1;     ///< 1, 2, 4, ...
  std::vector<Estimate> gride;      ///< (n1)
  std::vector<double> distance_n1;  ///< (n1), mean of (T_n1 + T_2n1) / 2 over the points
  std::optional<Plateau> plateau;   ///< of gride over n1, where there is one
};

inline constexpr std::int64_t gride_longest_n1 = 64;

struct EstimateOptions {
  int threads = 0;  ///< 0 = OpenMP's own choice
  std::int64_t longest_n1 = gride_longest_n1;
  statistics::Blocks blocks;  ///< none: no se_blocks
  neighbours::TemporalWindow window;
  neighbours::NeighbourSearch const* search = nullptr;  ///< null: this processor's
};

/// From neighbours that are known already, whatever found them: nominal errors, no plateau; n1 as far as they go.
DimensionEstimates estimate_all(neighbours::Neighbours const& neighbours, std::vector<std::int64_t> const& ks,
                                int threads = 0);
/// All estimators with their errors from one neighbour pass; n1 up to longest_n1 and as far as the points (and the
/// window) go. Where rows have copies, the distinct ones are measured, and NaN is what they are too few for.
/// rows: (point, dims), row-major, float or double, of any size (scaled_rows()). Errors: errors::usage for k < 3 or k
/// >= points (less those that the window excludes), errors::input for NaN or infinity.
template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, EstimateOptions const& options);
template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, int threads = 0) {
  EstimateOptions options;
  options.threads = threads;
  return estimate_all(rows, points, dims, ks, options);
}

extern template DimensionEstimates estimate_all(std::span<float const>, std::int64_t, std::int64_t,
                                                std::vector<std::int64_t> const&, EstimateOptions const&);
extern template DimensionEstimates estimate_all(std::span<double const>, std::int64_t, std::int64_t,
                                                std::vector<std::int64_t> const&, EstimateOptions const&);

}  // namespace mambasynth::analysis::dimension
