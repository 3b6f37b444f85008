#pragma once

#include <cstdint>

#include "analysis/representation/cross_moments.hpp"

/// Traces of products of covariance matrices from finite samples. For C the covariance of x with y, or of x with
/// itself, the sample's own traces are biased by terms of order dimensions / rows. Those named unbiased are the
/// U-statistics: means over distinct rows i, j, k, l, for any distribution with fourth moments and an unknown mean. NaN
/// for fewer than 4 rows.
namespace mambasynth::analysis::representation {

/// tr(C C'), of parts p and q, divisor rows.
double squared_covariance(CrossMoments const& moments, std::int64_t p, std::int64_t q);
/// Of tr(C C'); HSIC_1 of linear kernels (linear_cka.hpp). For p == q: tr(C^2), as in Himeno & Yamada 2014 (J.
/// Multivar. Anal. 130:27).
double unbiased_squared_covariance(CrossMoments const& moments, std::int64_t p, std::int64_t q);
/// Of tr(C)^2, C the covariance of part p (Himeno & Yamada 2014).
double unbiased_squared_trace(CrossMoments const& moments, std::int64_t p);

}  // namespace mambasynth::analysis::representation
