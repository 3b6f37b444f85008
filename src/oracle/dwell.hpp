#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::oracle {

/// The dwell-time distribution omits visits longer than this tail probability allows.
inline constexpr double dwell_tail = 1e-12;

/// Distribution of a visit's length in revolutions: entry j is P(K = j + 1), K = max(1, round_half_even(target /
/// period)) with target ~ N(mean, std), truncated where P(K > j + 1) <= dwell_tail and normalized. `period`, `mean`,
/// `std` in steps.
std::vector<double> dwell_law(std::int64_t period, double mean, double std);

/// Number of entries of that distribution, without computing it; at most 1e9, which also stands for more.
std::int64_t most_revolutions(std::int64_t period, double mean, double std);

/// Entry e is P(K > e), e = 0 .. size - 1, of such a distribution.
std::vector<double> survival_of(std::vector<double> const& law);

}  // namespace mambasynth::oracle
