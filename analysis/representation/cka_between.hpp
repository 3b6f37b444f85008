#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// Debiased linear CKA of many networks over the same rows, pair by pair. The same as in linear_cka.hpp, in a form that
/// costs rows^2 / 2 per pair instead of dimensions^2 rows: with K the Gram matrix of the rows, its diagonal set to 0,
/// and K~ the U-centered K (Szekely & Rizzo 2014, Ann. Statist. 42:2382, eq. 2.6),
///   K~_ij = K_ij - (sum_l K_il + sum_k K_kj) / (n - 2) + sum_kl K_kl / ((n - 1)(n - 2)),   i != j,
/// n (n - 3) HSIC_1(K, L) = sum_(i != j) K~_ij L~_ij.
namespace mambasynth::analysis::representation {

/// K~ of one network, its entries i < j, row by row, scaled to length 1; all NaN for constant rows. rows: (point,
/// dims), at least 4 points. Errors: errors::usage for fewer points, errors::input for NaN or infinity.
std::vector<float> centered_gram(std::span<float const> rows, std::int64_t points, std::int64_t dims);

/// (network, network): 1 on the diagonal, NaN for a network whose rows are constant. All must have the same length.
std::vector<double> cka_between(std::span<std::vector<float> const> grams);

}  // namespace mambasynth::analysis::representation
