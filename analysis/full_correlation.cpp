#include "analysis/full_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <omp.h>
#include <utility>

#include "analysis/incomplete_beta.hpp"
#include "analysis/undefined.hpp"

namespace mambasynth::analysis {
namespace {

constexpr double least_dimension = 1.0 + 1e-6, most_dimension = 1e4;
constexpr std::int64_t quantiles = 200;
constexpr double rounding = 1e-13;  // a point nearer to the mean than that, relatively, lies on it

/// Share of pairs whose cosine is above u.
double share_above(double u, double d) {
  auto const half = regularised_beta((d - 1) / 2, 0.5, std::max(0.0, 1 - u * u)) / 2;
  return u >= 0 ? half : 1 - half;
}

/// Rows minus their mean, at length 1.
std::vector<double> on_sphere(std::span<double const> rows, std::int64_t points, std::int64_t dims) {
  auto const width = static_cast<std::size_t>(dims);
  std::vector<double> mean(width);
  for (std::size_t i = 0; i < rows.size(); ++i) mean[i % width] += rows[i] / static_cast<double>(points);
  std::vector<double> unit;
  unit.reserve(rows.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(points); ++i) {
    double squared = 0, about_origin = 0;
    for (std::size_t c = 0; c < width; ++c) {
      squared += (rows[i * width + c] - mean[c]) * (rows[i * width + c] - mean[c]);
      about_origin += rows[i * width + c] * rows[i * width + c];
    }
    if (!(squared > rounding * rounding * about_origin)) continue;
    for (std::size_t c = 0; c < width; ++c) unit.push_back((rows[i * width + c] - mean[c]) / std::sqrt(squared));
  }
  return unit;
}

/// Cosines of all pairs at evenly spaced shares, from the nearest pairs on.
std::vector<double> cosine_quantiles(std::vector<double> const& unit, std::int64_t dims) {
  auto const width = static_cast<std::size_t>(dims);
  auto const points = unit.size() / width;
  std::vector<double> cosines;
  cosines.reserve(points * (points - 1) / 2);
  for (std::size_t i = 0; i < points; ++i)
    for (std::size_t j = i + 1; j < points; ++j)
      cosines.push_back(std::inner_product(unit.begin() + static_cast<std::ptrdiff_t>(i * width),
                                           unit.begin() + static_cast<std::ptrdiff_t>((i + 1) * width),
                                           unit.begin() + static_cast<std::ptrdiff_t>(j * width), 0.0));
  std::sort(cosines.begin(), cosines.end(), std::greater<>());
  std::vector<double> chosen;
  for (std::int64_t q = 0; q < quantiles; ++q)
    chosen.push_back(
        cosines[cosines.size() * static_cast<std::size_t>(2 * q + 1) / static_cast<std::size_t>(2 * quantiles)]);
  return chosen;
}

double mean_square(std::vector<double> const& cosines, double d) {
  double sum = 0;
  for (std::size_t q = 0; q < cosines.size(); ++q) {
    auto const share = (static_cast<double>(q) + 0.5) / static_cast<double>(cosines.size());
    auto const difference = share_above(cosines[q], d) - share;
    sum += difference * difference;
  }
  return sum / static_cast<double>(cosines.size());
}

}  // namespace

double sphere_correlation(double r, double d) {
  return share_above(1 - r * r / 2, d);
}

CorrelationFit full_correlation_dimension(std::span<double const> rows, std::int64_t points, std::int64_t dims) {
  auto const unit = on_sphere(rows, points, dims);
  if (unit.size() < 3 * static_cast<std::size_t>(dims)) return {undefined, undefined};
  auto const cosines = cosine_quantiles(unit, dims);
  // Golden section in ln d: the misfit has one minimum, since the integral turns about r = sqrt(2) monotonically with
  // d.
  constexpr double golden = 0.6180339887498949;
  double low = std::log(least_dimension), high = std::log(most_dimension);
  auto const misfit = [&](double log_d) { return mean_square(cosines, std::exp(log_d)); };
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double at_a = misfit(a), at_b = misfit(b);
  while (high - low > 1e-9) {
    if (at_a < at_b) {
      high = b;
      b = a;
      at_b = at_a;
      a = high - golden * (high - low);
      at_a = misfit(a);
    } else {
      low = a;
      a = b;
      at_a = at_b;
      b = low + golden * (high - low);
      at_b = misfit(b);
    }
  }
  auto const d = std::exp((low + high) / 2);
  return {d, std::sqrt(mean_square(cosines, d))};
}

LocalCorrelation local_correlation_dimension(std::span<double const> rows, std::int64_t points, std::int64_t dims,
                                             std::vector<std::int64_t> const& centres,
                                             std::vector<std::int64_t> const& k, int threads) {
  LocalCorrelation result;
  for (auto const wanted : k)
    if (wanted < points) result.k.push_back(wanted);
  auto const sizes = result.k.size();
  auto const width = static_cast<std::size_t>(dims);
  std::vector<CorrelationFit> fits(centres.size() * sizes);
#pragma omp parallel for schedule(dynamic) num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::size_t c = 0; c < centres.size(); ++c) {
    auto const* const centre = rows.data() + centres[c] * dims;
    std::vector<std::pair<double, std::int64_t>> order(static_cast<std::size_t>(points));
    for (std::int64_t i = 0; i < points; ++i) {
      double squared = 0;
      for (std::int64_t x = 0; x < dims; ++x)
        squared += (rows[static_cast<std::size_t>(i * dims + x)] - centre[x]) *
                   (rows[static_cast<std::size_t>(i * dims + x)] - centre[x]);
      order[static_cast<std::size_t>(i)] = {squared, i};
    }
    auto const most = sizes > 0 ? *std::max_element(result.k.begin(), result.k.end()) + 1 : 0;
    std::partial_sort(order.begin(), order.begin() + most, order.end());
    for (std::size_t s = 0; s < sizes; ++s) {
      auto const count = static_cast<std::size_t>(result.k[s] + 1);  // the centre itself is the nearest
      std::vector<double> patch;
      patch.reserve(count * width);
      for (std::size_t i = 0; i < count; ++i) {
        auto const* const row = rows.data() + order[i].second * dims;
        patch.insert(patch.end(), row, row + dims);
      }
      fits[c * sizes + s] = full_correlation_dimension(patch, static_cast<std::int64_t>(count), dims);
    }
  }
  for (std::size_t s = 0; s < sizes; ++s) {
    double sum = 0, squares = 0, residual = 0, counted = 0;
    for (std::size_t c = 0; c < centres.size(); ++c) {
      auto const& fit = fits[c * sizes + s];
      if (std::isnan(fit.dimension)) continue;
      sum += fit.dimension;
      squares += fit.dimension * fit.dimension;
      residual += fit.residual;
      ++counted;
    }
    auto const mean = counted > 0 ? sum / counted : undefined;
    result.dimension.push_back(mean);
    result.se.push_back(counted > 1 ? std::sqrt(std::max(0.0, squares / counted - mean * mean) / (counted - 1)) : undefined);
    result.residual.push_back(counted > 0 ? residual / counted : undefined);
  }
  return result;
}

}  // namespace mambasynth::analysis
