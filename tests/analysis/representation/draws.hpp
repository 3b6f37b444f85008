#pragma once

#include <cstdint>
#include <vector>

#include "random/numpy_generator.hpp"

/// Rows as numpy.random.default_rng(seed) draws them.
namespace mambasynth::draws {

/// rng.normal(size=(n, d)).
inline std::vector<double> normal(random::NumpyGenerator& rng, std::int64_t n, std::int64_t d) {
  std::vector<double> rows(static_cast<std::size_t>(n * d));
  rng.fill_normal(rows);
  return rows;
}

/// X = rng.normal(size=(n, d)); for t in range(1, n): X[t] += 0.9 * X[t - 1].
inline std::vector<double> autoregressive(random::NumpyGenerator& rng, std::int64_t n, std::int64_t d) {
  auto rows = normal(rng, n, d);
  for (auto i = static_cast<std::size_t>(d); i < rows.size(); ++i)
    rows[i] += 0.9 * rows[i - static_cast<std::size_t>(d)];
  return rows;
}

/// (n, d) times (d, k).
inline std::vector<double> product(std::vector<double> const& x, std::vector<double> const& a, std::size_t d) {
  auto const n = x.size() / d, k = a.size() / d;
  std::vector<double> result(n * k);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c)
      for (std::size_t j = 0; j < d; ++j) result[i * k + c] += x[i * d + j] * a[j * k + c];
  return result;
}

}  // namespace mambasynth::draws
