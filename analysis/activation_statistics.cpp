#include "analysis/activation_statistics.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "errors/errors.hpp"

namespace mambasynth::analysis {

namespace {

constexpr std::int64_t block = 32;  // rows that stay in the cache while the products of all dimensions pass over them

// Eight values that the compiler keeps in as many registers as the machine has; products and sums are rounded apart
// (-ffp-contract=off), so every width gives the same bits.
using Eight = double __attribute__((vector_size(64), aligned(8)));
constexpr std::int64_t lanes = 8, tile_rows = 4, tile_columns = 2 * lanes;

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)  // a sanitizer starts after the choice between them
#define MAMBASYNTH_EVERY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MAMBASYNTH_EVERY_WIDTH
#endif

/// product[i, j] += sum over n rows of x[i] x[j], row by row, for i of one tile and all j from its first column on.
MAMBASYNTH_EVERY_WIDTH
void add_products(double const* x, std::int64_t n, std::int64_t width, std::int64_t i, double* product) {
  for (auto j = i / tile_columns * tile_columns; j < width; j += tile_columns) {
    Eight sum[tile_rows][2];
    for (std::int64_t a = 0; a < tile_rows; ++a)
      for (std::int64_t b = 0; b < 2; ++b) sum[a][b] = *reinterpret_cast<Eight const*>(product + (i + a) * width + j + b * lanes);
    for (std::int64_t r = 0; r < n; ++r) {
      auto const* const row = x + r * width;
      auto const low = *reinterpret_cast<Eight const*>(row + j), high = *reinterpret_cast<Eight const*>(row + j + lanes);
      for (std::int64_t a = 0; a < tile_rows; ++a) {
        sum[a][0] += row[i + a] * low;
        sum[a][1] += row[i + a] * high;
      }
    }
    for (std::int64_t a = 0; a < tile_rows; ++a)
      for (std::int64_t b = 0; b < 2; ++b) *reinterpret_cast<Eight*>(product + (i + a) * width + j + b * lanes) = sum[a][b];
  }
}

}  // namespace

ActivationStatistics::ActivationStatistics(std::int64_t dims, int threads)
    : dims_(dims),
      width_((dims + tile_columns - 1) / tile_columns * tile_columns),
      threads_(threads > 0 ? threads : omp_get_max_threads()),
      shift_(static_cast<std::size_t>(dims)),
      sum_(static_cast<std::size_t>(dims)),
      product_(static_cast<std::size_t>(width_ * width_)) {}

template <class T>
void ActivationStatistics::add(std::span<T const> rows) {
  if (static_cast<std::int64_t>(rows.size()) % dims_ != 0) {
    throw errors::usage(fmt::format("{} values for rows of {} dimensions", rows.size(), dims_),
                        "the last row is incomplete", "pass whole rows");
  }
  auto const count = static_cast<std::int64_t>(rows.size()) / dims_;
  if (count == 0) return;
  if (rows_ == 0) std::copy_n(rows.begin(), dims_, shift_.begin());
  rows_ += count;

  // Each thread owns every threads-th tile (the triangle's rows differ in length) and passes over all rows alone: no
  // waiting between blocks, and each sum is one thread's, in the order of the rows.
#pragma omp parallel num_threads(threads_)
  {
    auto const stride = static_cast<std::int64_t>(omp_get_num_threads()) * tile_rows;
    std::vector<double> shifted(static_cast<std::size_t>(block * width_));
    double* const x = shifted.data();
    for (std::int64_t first = 0; first < count; first += block) {
      auto const n = std::min(block, count - first);
      auto const* const from = rows.data() + first * dims_;
      for (std::int64_t r = 0; r < n; ++r)
        for (std::int64_t i = 0; i < dims_; ++i) x[r * width_ + i] = static_cast<double>(from[r * dims_ + i]) - shift_[static_cast<std::size_t>(i)];
      for (std::int64_t i = omp_get_thread_num() * tile_rows; i < dims_; i += stride) {
        add_products(x, n, width_, i, product_.data());
        for (auto a = i; a < std::min(i + tile_rows, dims_); ++a)
          for (std::int64_t r = 0; r < n; ++r) sum_[static_cast<std::size_t>(a)] += x[r * width_ + a];
      }
    }
  }
}

template void ActivationStatistics::add(std::span<float const>);
template void ActivationStatistics::add(std::span<double const>);

double ActivationStatistics::mean() const {
  double total = 0;
  for (std::size_t i = 0; i < sum_.size(); ++i) total += shift_[i] + sum_[i] / static_cast<double>(rows_);
  return rows_ > 0 ? total / static_cast<double>(dims_) : std::numeric_limits<double>::quiet_NaN();
}

double ActivationStatistics::standard_deviation() const {
  auto const overall = mean();
  auto const n = static_cast<double>(rows_);
  double squares = 0;
  for (std::size_t i = 0; i < sum_.size(); ++i) {
    auto const own = sum_[i] / n;
    auto const within = product_[i * static_cast<std::size_t>(width_) + i] / n - own * own;
    auto const away = shift_[i] + own - overall;
    squares += std::max(within, 0.0) + away * away;
  }
  return std::sqrt(squares / static_cast<double>(dims_));
}

double ActivationStatistics::participation_ratio() const {
  auto const n = static_cast<double>(rows_);
  auto const dims = sum_.size();
  double trace = 0;
  double squares = 0;
  for (std::size_t i = 0; i < dims; ++i) {
    for (std::size_t j = i; j < dims; ++j) {
      auto const covariance = product_[i * static_cast<std::size_t>(width_) + j] / n - (sum_[i] / n) * (sum_[j] / n);
      if (i == j) trace += covariance;
      squares += (i == j ? 1 : 2) * covariance * covariance;
    }
  }
  return trace > 0 ? trace * trace / squares : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace mambasynth::analysis
