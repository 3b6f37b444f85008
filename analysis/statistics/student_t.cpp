#include "analysis/statistics/student_t.hpp"

#include <cmath>
#include <numbers>

namespace mambasynth::analysis::statistics {

double central_probability(double t, std::int64_t freedom) {
  auto const theta = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  auto const cosine = std::cos(theta);
  // Odd: theta + sin (cos + 2/3 cos^3 + ...); even: sin (1 + 1/2 cos^2 + 3/8 cos^4 + ...), freedom / 2 terms.
  bool const odd = freedom % 2 == 1;
  double term = odd ? cosine : 1;
  double sum = 0;
  for (std::int64_t i = odd ? 3 : 2; i <= freedom; i += 2) {
    sum += term;
    term *= cosine * cosine * static_cast<double>(i - 1) / static_cast<double>(i);
  }
  auto const series = std::sin(theta) * sum;
  return odd ? 2 / std::numbers::pi * (theta + series) : series;
}

double central_quantile(double p, std::int64_t freedom) {
  double low = 0;
  double high = 1;
  while (central_probability(high, freedom) < p) high *= 2;
  for (;;) {
    auto const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    (central_probability(middle, freedom) < p ? low : high) = middle;
  }
}

double interval_quantile(std::int64_t freedom) { return central_quantile(0.95, freedom); }

}  // namespace mambasynth::analysis::statistics
