#pragma once

#include <array>
#include <cstddef>

#include "analysis/dimension/estimator.hpp"

// Every estimator, from the distances T_1 <= T_2 <= ... of each point to its nearest other points. Each is defined in
// its own source file. To add one: its file, its declaration, its place in `estimators` (analysis/README.md).
namespace mambasynth::analysis::dimension {

/// The original program's Levina-Bickel: mean over points of m_i = (k-1) / sum_{j<k} ln(T_k/T_j). Its expectation is
/// d (k-1)/(k-2). A point with T_k < 1e-12 min(1, largest T_k) or a mean logarithm <= 1e-10 is left out; one with a
/// duplicate counts as 0.
extern Estimator const levina_bickel_original;
/// Levina & Bickel 2004 (NIPS 17), unbiased form: mean over points of (k-2) / sum_{j<k} ln(T_k/T_j). The error needs
/// k > 3: each m_i has variance d^2 / (k-3).
extern Estimator const levina_bickel;
/// MacKay & Ghahramani 2005 (comment on Levina & Bickel): 1 / mean over points of sum_{j<k} ln(T_k/T_j) / (k-1).
extern Estimator const mackay_ghahramani;
/// TwoNN (Facco et al. 2017, Sci. Rep. 7:12140), mu_i = T_2/T_1 of N points: (N-1) / sum ln mu_i.
extern Estimator const two_nn_ml;
/// TwoNN by least squares through the origin of -ln(1 - F_i) on ln mu_(i), F_i = i/N, without the top 10 %.
/// Error: first order in the deviations of exponential order statistics from their expectations.
extern Estimator const two_nn_ls;
/// Gride (Denti et al. 2022, Sci. Rep. 12:20005) with n2 = 2 n1 and mu = T_n2/T_n1: the root d of
/// (N-1)/d = sum [(n2-1) ln mu - (n2-n1-1) ln mu / (1 - mu^-d)].
extern Estimator const gride;

/// In the order in which result files list them. The binomial estimator and the full correlation integral are not
/// entries: they take rows, not distances to nearest points, and vary with radii or centers instead of k or n1.
inline constexpr std::array estimators{
    &levina_bickel_original, &levina_bickel, &mackay_ghahramani, &two_nn_ml, &two_nn_ls, &gride,
};

/// Its place among `estimators`. Errors: std::logic_error if it is not one of them.
std::size_t index_of(Estimator const& estimator);

}  // namespace mambasynth::analysis::dimension
