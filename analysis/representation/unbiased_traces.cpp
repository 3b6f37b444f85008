#include "analysis/representation/unbiased_traces.hpp"

#include <limits>

namespace mambasynth::analysis::representation {

double squared_covariance(CrossMoments const& moments, std::int64_t p, std::int64_t q) {
  double squares = 0;
  for (auto i = moments.first(p); i < moments.first(p + 1); ++i)
    for (auto j = moments.first(q); j < moments.first(q + 1); ++j)
      squares += moments.covariance(i, j) * moments.covariance(i, j);
  return squares;
}

double unbiased_squared_covariance(CrossMoments const& moments, std::int64_t p, std::int64_t q) {
  auto const n = static_cast<double>(moments.rows());
  if (n < 4) return std::numeric_limits<double>::quiet_NaN();
  // Everything is divided by n^2 so that nothing overflows before the differences are taken.
  auto const traces = moments.variance(p) * moments.variance(q);
  auto const lengths = moments.product_of_squared_lengths(p, q) / n;
  return n / (n - 3) * (squared_covariance(moments, p, q) - lengths / (n - 2) + traces / ((n - 1) * (n - 2)));
}

double unbiased_squared_trace(CrossMoments const& moments, std::int64_t p) {
  auto const n = static_cast<double>(moments.rows());
  if (n < 4) return std::numeric_limits<double>::quiet_NaN();
  auto const trace = moments.variance(p);
  auto const lengths = moments.product_of_squared_lengths(p, p) / n;
  return n / ((n - 1) * (n - 2) * (n - 3)) *
         (2 * squared_covariance(moments, p, p) + (n * n - 3 * n + 1) * trace * trace - (n - 1) * lengths);
}

}  // namespace mambasynth::analysis::representation
