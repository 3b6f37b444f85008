#pragma once

#include <span>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::statistics {

/// p of paired differences whose mean is 0 because each is as likely as its negative.
struct SignFlip {
  double p = undefined;
  double p_least = undefined;  ///< the smallest p that any signs of these differences can give
  bool exact = true;           ///< false: estimated from random signs
};

/// The two-sided sign-flip test of the mean: the share of all 2^n assignments of signs whose mean is at least as far
/// from 0 as the observed one. Fisher 1935, The Design of Experiments, section 21; Pitman 1937, Suppl. JRSS 4:119.
/// Exact up to `most_exact_pairs` differences other than 0; beyond, from 20,000 random assignments with a fixed seed,
/// plus the observed one (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39). NaN without differences.
/// Differences of 0 have no sign, so n that are not 0 give p_least = 2^(1-n): five seeds cannot go below 0.0625.
SignFlip sign_flip_test(std::span<double const> differences);

/// Two lists of 2^15 sums, which take two milliseconds.
inline constexpr std::size_t most_exact_pairs = 30;

}  // namespace mambasynth::analysis::statistics
