#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::oracle {

/// Longer visits than this probability allows are left out of the dwell law.
inline constexpr double dwell_tail = 1e-12;

/// Law of a visit's length in revolutions: entry j is P(K = j + 1), K = max(1, round_half_even(target / period)) with
/// target ~ N(mean, std), cut where P(K > j + 1) <= dwell_tail and divided by its sum. `period`, `mean`, `std` in
/// steps.
std::vector<double> dwell_law(std::int64_t period, double mean, double std);

/// Number of entries of that law, without making it; 1e9 stands for more, too.
std::int64_t most_revolutions(std::int64_t period, double mean, double std);

/// Entry e is P(K > e), e = 0 .. size - 1, of such a law.
std::vector<double> survival_of(std::vector<double> const& law);

}  // namespace mambasynth::oracle
