#pragma once

#include <cstdint>
#include <vector>

#include "analysis/representation/cross_moments.hpp"

/// Centered kernel alignment with a linear kernel (Kornblith et al. 2019, ICML, arXiv:1905.00414) of all pairs of parts
/// (layers, or the same layers of several networks over the same rows), from their moments, without a matrix of rows x
/// rows.
///
/// With X, Y the parts' centered rows, x_i and y_i, and n of them:
///   biased     |X'Y|^2 / (|X'X| |Y'Y|), Frobenius norms (Kornblith, eq. 3 and section 3)
///   debiased   HSIC_1(X, Y) / sqrt(HSIC_1(X, X) HSIC_1(Y, Y)), where
///              n (n - 3) HSIC_1 = |X'Y|^2 - n / (n - 2) sum_i |x_i|^2 |y_i|^2 + |X|^2 |Y|^2 / ((n - 1)(n - 2)):
/// the unbiased estimator of Song et al. 2012 (JMLR 13:1393, eq. 5). It does not change under a shift of the rows, and
/// the Gram matrices of centered rows have row sums of 0, which leaves these terms of it.
namespace mambasynth::analysis::representation {

struct LinearCka {
  std::int64_t parts = 0;
  std::vector<double> biased;    ///< (part, part), 0 .. 1; grows with dimensions / rows for unrelated parts
  std::vector<double> debiased;  ///< (part, part), at most about 1, scattered around 0 for unrelated parts
};

/// NaN for constant parts and, if debiased, for fewer than 4 rows. Debiasing assumes independent rows: take rows of a
/// series at least a correlation time apart, or read it only as a correction for the number of rows.
LinearCka linear_cka(CrossMoments const& moments);

}  // namespace mambasynth::analysis::representation
