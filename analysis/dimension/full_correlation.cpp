#include "analysis/dimension/full_correlation.hpp"

#include <boost/math/tools/minima.hpp>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/neighbors/scaled_rows.hpp"
#include "analysis/statistics/incomplete_beta.hpp"
#include "analysis/statistics/undefined.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::dimension {
namespace {

constexpr double least_dimension = 1.0 + 1e-6, most_dimension = 1e4;
constexpr std::int64_t quantiles = 200;
constexpr double rounding = 1e-13;  // a point this close to the mean, relative to its length, is at the mean

/// Share of pairs whose cosine is above u.
double share_above(double u, double d) {
  auto const half = statistics::regularized_beta((d - 1) / 2, 0.5, std::max(0.0, 1 - u * u)) / 2;
  return u >= 0 ? half : 1 - half;
}

/// Rows minus their mean, scaled to length 1.
std::vector<double> on_sphere(std::span<double const> own, std::int64_t points, std::int64_t dims) {
  auto const scaled = neighbors::scaled_rows(own, dims);
  auto const rows = scaled.rows;
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

/// Evenly spaced quantiles of the cosines of all pairs, from the closest pairs on.
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

/// Fitted minus empirical share of pairs at each quantile.
std::vector<double> misfits(std::vector<double> const& cosines, double d) {
  std::vector<double> all;
  for (std::size_t q = 0; q < cosines.size(); ++q)
    all.push_back(share_above(cosines[q], d) - (static_cast<double>(q) + 0.5) / static_cast<double>(cosines.size()));
  return all;
}

double mean_square(std::vector<double> const& cosines, double d) {
  double sum = 0;
  for (auto const misfit : misfits(cosines, d)) sum += misfit * misfit;
  return sum / static_cast<double>(cosines.size());
}

/// The d of least misfit between two bounds, searched in ln d: the minimum is unique, since the integral pivots about r
/// = sqrt(2) monotonically with d.
double best_fit(std::vector<double> const& cosines, double low, double high) {
  auto const misfit = [&](double log_d) { return mean_square(cosines, std::exp(log_d)); };
  constexpr int half_of_double = std::numeric_limits<double>::digits / 2;  // a minimum cannot be located more precisely
  return std::exp(boost::math::tools::brent_find_minima(misfit, low, high, half_of_double).first);
}

/// The rows nearest to a center, the center first.
std::vector<std::int64_t> by_distance(std::span<double const> rows, std::int64_t points, std::int64_t dims,
                                      std::int64_t center, std::int64_t most) {
  std::vector<std::pair<neighbors::Apart, std::int64_t>> order;
  order.reserve(static_cast<std::size_t>(points));
  for (std::int64_t i = 0; i < points; ++i) {
    double squared = 0;
    for (std::int64_t x = 0; x < dims; ++x) {
      auto const difference =
          rows[static_cast<std::size_t>(i * dims + x)] - rows[static_cast<std::size_t>(center * dims + x)];
      squared += difference * difference;
    }
    order.emplace_back(neighbors::Apart(rows.data() + i * dims, rows.data() + center * dims, dims, squared), i);
  }
  std::partial_sort(
      order.begin(), order.begin() + std::min(most, points), order.end(),
      [](auto const& a, auto const& b) { return a.first < b.first || (!(b.first < a.first) && a.second < b.second); });
  std::vector<std::int64_t> nearest;
  for (std::int64_t i = 0; i < std::min(most, points); ++i)
    nearest.push_back(order[static_cast<std::size_t>(i)].second);
  return nearest;
}

std::vector<double> patch_of(std::span<double const> rows, std::int64_t dims, std::span<std::int64_t const> chosen) {
  std::vector<double> patch;
  patch.reserve(chosen.size() * static_cast<std::size_t>(dims));
  for (auto const i : chosen) {
    auto const* const row = rows.data() + i * dims;
    patch.insert(patch.end(), row, row + dims);
  }
  return patch;
}

/// The same fit for a patch of almost the same dimension, by Gauss-Newton steps in ln d.
double dimension_near(std::span<double const> patch, std::int64_t points, std::int64_t dims, double near) {
  auto const unit = on_sphere(patch, points, dims);
  if (unit.size() < 3 * static_cast<std::size_t>(dims) || std::isnan(near)) return statistics::undefined;
  constexpr double difference = 1e-4, tolerance = 1e-5;
  auto const cosines = cosine_quantiles(unit, dims);
  auto log_d = std::log(near);
  for (int step = 0; step < 20; ++step) {
    auto const here = misfits(cosines, std::exp(log_d)), nearby = misfits(cosines, std::exp(log_d + difference));
    double along = 0, squares = 0;
    for (std::size_t q = 0; q < here.size(); ++q) {
      auto const slope = (nearby[q] - here[q]) / difference;
      along += here[q] * slope;
      squares += slope * slope;
    }
    auto const change = std::clamp(along / squares, -0.5, 0.5);
    log_d = std::clamp(log_d - change, std::log(least_dimension), std::log(most_dimension));
    if (!(std::abs(change) > tolerance)) break;
  }
  return std::exp(log_d);
}

/// Mean of the values that are not NaN.
double mean_of(std::vector<double> const& values) {
  double sum = 0, counted = 0;
  for (auto const value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++counted;
  }
  return counted > 0 ? sum / counted : statistics::undefined;
}

}  // namespace

double sphere_correlation(double r, double d) { return share_above(1 - r * r / 2, d); }

CorrelationFit full_correlation_dimension(std::span<double const> rows, std::int64_t points, std::int64_t dims) {
  auto const unit = on_sphere(rows, points, dims);
  if (unit.size() < 3 * static_cast<std::size_t>(dims)) return {statistics::undefined, statistics::undefined};
  auto const cosines = cosine_quantiles(unit, dims);
  auto const d = best_fit(cosines, std::log(least_dimension), std::log(most_dimension));
  return {d, std::sqrt(mean_square(cosines, d))};
}

LocalCorrelation local_correlation_dimension(std::span<double const> own, std::int64_t points, std::int64_t dims,
                                             std::vector<std::int64_t> const& centers,
                                             std::vector<std::int64_t> const& k, statistics::Blocks const& blocks,
                                             int threads) {
  auto const scaled = neighbors::scaled_rows(own, dims);
  auto const rows = scaled.rows;
  LocalCorrelation result;
  for (auto const wanted : k)
    if (wanted < points) result.k.push_back(wanted);
  auto const sizes = result.k.size(), left_out = static_cast<std::size_t>(blocks.count);
  auto const longest = sizes > 0 ? *std::max_element(result.k.begin(), result.k.end()) + 1 : 0;
  auto const block_size = blocks.count > 0 ? points / blocks.count + 1 : 0;
  std::vector<CorrelationFit> fits(centers.size() * sizes);
  // (size, block, center): without the block's rows; without them but with the next nearest rows in their place.
  std::vector<double> fewer(sizes * left_out * centers.size(), statistics::undefined), others = fewer;
  progress::Count finished(std::ssize(centers), "center");
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic) num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::size_t c = 0; c < centers.size(); ++c) {
    if (stop.requested()) continue;
    auto const order = by_distance(rows, points, dims, centers[c], longest + block_size);
    for (std::size_t s = 0; s < sizes && !stop.requested(); ++s) {
      auto const count = result.k[s] + 1;  // the center itself is the nearest
      auto const patch = patch_of(rows, dims, std::span(order).first(static_cast<std::size_t>(count)));
      fits[c * sizes + s] = full_correlation_dimension(patch, count, dims);
      auto const near = fits[c * sizes + s].dimension;
      auto const fit = [&](std::span<std::int64_t const> chosen) {
        return dimension_near(patch_of(rows, dims, chosen), std::ssize(chosen), dims, near);
      };
      for (std::size_t b = 0; b < left_out; ++b) {
        if (blocks.of_point[static_cast<std::size_t>(centers[c])] == static_cast<std::int32_t>(b)) continue;
        std::vector<std::int64_t> rest;
        std::size_t within = 0;
        for (std::size_t i = 0; i < order.size() && std::ssize(rest) < count; ++i) {
          if (blocks.of_point[static_cast<std::size_t>(order[i])] == static_cast<std::int32_t>(b)) continue;
          rest.push_back(order[i]);
          within += i < static_cast<std::size_t>(count);
        }
        if (std::ssize(rest) < count) continue;
        auto const place = (s * left_out + b) * centers.size() + c;
        bool const untouched = within == rest.size();
        fewer[place] = untouched ? near : fit(std::span(rest).first(within));
        others[place] = untouched ? near : fit(rest);
      }
    }
    finished.add();
  }
  stop.throw_if_requested();
  for (std::size_t s = 0; s < sizes; ++s) {
    std::vector<double> dimension, residual;
    for (std::size_t c = 0; c < centers.size(); ++c) {
      auto const& fit = fits[c * sizes + s];
      dimension.push_back(fit.dimension);
      if (!std::isnan(fit.dimension)) residual.push_back(fit.residual);
    }
    auto const mean = mean_of(dimension);
    double squares = 0;
    for (auto const value : dimension)
      if (!std::isnan(value)) squares += (value - mean) * (value - mean);
    auto const counted = static_cast<double>(residual.size());
    result.dimension.push_back(mean);
    result.se.push_back(counted > 1 ? std::sqrt(squares / counted / (counted - 1)) : statistics::undefined);
    result.residual.push_back(mean_of(residual));
    auto const shifts = [&](std::vector<double> const& values) {
      std::vector<double> means, away;
      for (std::size_t b = 0; b < left_out; ++b) {
        auto const from = values.begin() + static_cast<std::ptrdiff_t>((s * left_out + b) * centers.size());
        means.push_back(mean_of({from, from + std::ssize(centers)}));
      }
      auto const middle = std::accumulate(means.begin(), means.end(), 0.0) / static_cast<double>(left_out);
      for (auto const value : means) away.push_back(middle - value);
      return away;
    };
    statistics::BlockShifts moved{shifts(fewer), shifts(others)};
    for (auto& value : moved.expected) value *= static_cast<double>(left_out - 1) / static_cast<double>(left_out);
    result.se_blocks.push_back(moved.error());
  }
  return result;
}

}  // namespace mambasynth::analysis::dimension
