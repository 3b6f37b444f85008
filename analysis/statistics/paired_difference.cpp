#include "analysis/statistics/paired_difference.hpp"

#include <cmath>

#include "analysis/statistics/student_t.hpp"

namespace mambasynth::analysis::statistics {

PairedDifference paired_difference(std::span<double const> differences) {
  PairedDifference result{.difference = interval_of(differences), .sign_flip = sign_flip_test(differences)};
  auto const& [n, mean, sd, low, high, spread] = result.difference;
  if (spread == Spread::equal_values) result.p_student = mean == 0 ? 1 : 0;
  if (spread != Spread::estimated) return result;
  result.effect_size = mean / sd;
  result.p_student = two_sided_p(result.effect_size * std::sqrt(static_cast<double>(n)), n - 1);
  return result;
}

}  // namespace mambasynth::analysis::statistics
