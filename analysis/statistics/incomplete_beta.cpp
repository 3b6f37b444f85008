#include "analysis/statistics/incomplete_beta.hpp"

#include <cmath>
#include <limits>

namespace mambasynth::analysis::statistics {
namespace {

/// std::lgamma writes a global sign, which threads would race for.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

/// The fraction behind x^a (1-x)^b / (a B(a, b)); converges fast for x < (a+1) / (a+b+2).
double fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  constexpr double enough = 4 * std::numeric_limits<double>::epsilon();
  constexpr int most_terms = 10000;
  auto const nonzero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < most_terms; ++m) {
    auto const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    result *= d * c;
    auto const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < enough) break;
  }
  return result;
}

}  // namespace

double regularised_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  auto const scale = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? scale * fraction(a, b, x) / a : 1 - scale * fraction(b, a, 1 - x) / b;
}

}  // namespace mambasynth::analysis::statistics
