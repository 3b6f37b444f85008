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
}

ActivationStatistics::ActivationStatistics(std::int64_t dims, int threads)
    : dims_(dims),
      threads_(threads > 0 ? threads : omp_get_max_threads()),
      shift_(static_cast<std::size_t>(dims)),
      sum_(static_cast<std::size_t>(dims)),
      product_(static_cast<std::size_t>(dims * dims)) {}

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

  // Each thread owns every threads-th dimension (the triangle's rows differ in length) and passes over all rows alone:
  // no waiting between blocks, and each sum is one thread's, in the order of the rows.
#pragma omp parallel num_threads(threads_)
  {
    auto const stride = static_cast<std::int64_t>(omp_get_num_threads());
    std::vector<double> shifted(static_cast<std::size_t>(block * dims_));
    double* const x = shifted.data();
    for (std::int64_t first = 0; first < count; first += block) {
      auto const n = std::min(block, count - first);
      auto const* const from = rows.data() + first * dims_;
      for (std::int64_t r = 0; r < n; ++r) {
        for (std::int64_t i = 0; i < dims_; ++i) x[r * dims_ + i] = static_cast<double>(from[r * dims_ + i]) - shift_[static_cast<std::size_t>(i)];
      }
      for (std::int64_t i = omp_get_thread_num(); i < dims_; i += stride) {
        double* const product = product_.data() + i * dims_;
        double sum = sum_[static_cast<std::size_t>(i)];
        for (std::int64_t r = 0; r < n; ++r) {
          double const* const row = x + r * dims_;
          double const left = row[i];
          sum += left;
#pragma omp simd
          for (std::int64_t j = i; j < dims_; ++j) product[j] += left * row[j];
        }
        sum_[static_cast<std::size_t>(i)] = sum;
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
    auto const within = product_[i * sum_.size() + i] / n - own * own;
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
      auto const covariance = product_[i * dims + j] / n - (sum_[i] / n) * (sum_[j] / n);
      if (i == j) trace += covariance;
      squares += (i == j ? 1 : 2) * covariance * covariance;
    }
  }
  return trace > 0 ? trace * trace / squares : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace mambasynth::analysis
