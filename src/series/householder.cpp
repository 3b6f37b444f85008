#include "series/householder.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "series/linear_algebra.hpp"

namespace mambasynth::series {
namespace {

/// Sums in the order of OpenBLAS's dnrm2 on x86-64: four sums in extended precision over blocks of eight, the rest into
/// the first.
double extended_norm(std::span<double const> x) {
  std::array<long double, 4> sum{};
  std::size_t const whole = x.size() - x.size() % 8;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const value = static_cast<long double>(x[i]);
    sum[i < whole ? i % 4 : 0] += value * value;
  }
  return static_cast<double>(std::sqrt(((sum[0] + sum[2]) + sum[1]) + sum[3]));
}

/// LAPACK's dlapy2.
double hypotenuse(double a, double b) {
  double const large = std::max(std::abs(a), std::abs(b)), small = std::min(std::abs(a), std::abs(b));
  if (small == 0) return large;
  double const ratio = small / large;
  return large * std::sqrt(1 + ratio * ratio);
}

/// A matrix being factorized, column-major as in LAPACK.
class Columns {
 public:
  Columns(std::span<double const> row_major, std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), tau_(columns, 0.0), values_(rows * columns) {
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t column = 0; column < columns; ++column) at(row, column) = row_major[row * columns + column];
  }

  void factorize() {
    for (std::size_t k = 0; k < columns_; ++k) {
      double const below = extended_norm(std::span(values_).subspan(k * rows_ + k + 1, rows_ - k - 1));
      if (below == 0) continue;
      double const alpha = at(k, k);
      double const beta = -std::copysign(hypotenuse(alpha, below), alpha);
      double const scale = 1 / (alpha - beta);
      tau_[k] = (beta - alpha) / beta;
      for (std::size_t row = k + 1; row < rows_; ++row) at(row, k) *= scale;
      reflect_columns_after(k);
      at(k, k) = beta;
    }
  }

  void expand() {
    for (std::size_t k = columns_; k-- > 0;) {
      reflect_columns_after(k);
      for (std::size_t row = 0; row < k; ++row) at(row, k) = 0;
      at(k, k) = 1 - tau_[k];
      for (std::size_t row = k + 1; row < rows_; ++row) at(row, k) *= -tau_[k];
    }
  }

  [[nodiscard]] std::vector<double> row_major() const {
    std::vector<double> result(values_.size());
    for (std::size_t row = 0; row < rows_; ++row)
      for (std::size_t column = 0; column < columns_; ++column)
        result[row * columns_ + column] = values_[column * rows_ + row];
    return result;
  }

 private:
  double& at(std::size_t row, std::size_t column) { return values_[column * rows_ + row]; }

  /// Applies I - tau v v^T to the columns after k, from row k on; v is 1 at row k and stored below it in column k.
  void reflect_columns_after(std::size_t k) {
    if (k + 1 == columns_ || tau_[k] == 0) return;
    at(k, k) = 1;
    auto const v = std::span<double const>(values_).subspan(k * rows_ + k, rows_ - k);
    auto const projections = transposed_product(&at(k, k + 1), columns_ - k - 1, rows_, v);
    for (std::size_t j = 0; j < projections.size(); ++j) {
      double const factor = -tau_[k] * projections[j];
      for (std::size_t i = 0; i < v.size(); ++i) at(k + i, k + 1 + j) = std::fma(factor, v[i], at(k + i, k + 1 + j));
    }
  }

  std::size_t rows_, columns_;
  std::vector<double> tau_, values_;
};

}  // namespace

std::vector<double> orthonormal_factor(std::span<double const> matrix, std::size_t rows, std::size_t columns) {
  Columns factors(matrix, rows, columns);
  factors.factorize();
  factors.expand();
  return factors.row_major();
}

}  // namespace mambasynth::series
