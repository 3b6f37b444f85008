#include "series/linear_algebra.hpp"

#include <array>
#include <cmath>

namespace mambasynth::series {

double dot(std::span<double const> a, std::span<double const> b) {
  constexpr std::size_t registers = 4;
  std::size_t const n = a.size();
  std::size_t const in_blocks_of_16 = n - n % 16;
  std::size_t const in_blocks_of_32 = n - n % 32;

  std::array<std::array<double, 8>, registers> wide{};
  for (std::size_t i = 0; i < in_blocks_of_32; i += 32)
    for (std::size_t r = 0; r < registers; ++r)
      for (std::size_t lane = 0; lane < 8; ++lane)
        wide[r][lane] = std::fma(a[i + 8 * r + lane], b[i + 8 * r + lane], wide[r][lane]);

  std::array<std::array<double, 4>, registers> narrow{};
  for (std::size_t r = 0; r < registers; ++r)
    for (std::size_t lane = 0; lane < 4; ++lane) narrow[r][lane] = wide[r][lane] + wide[r][lane + 4];
  for (std::size_t i = in_blocks_of_32; i < in_blocks_of_16; i += 16)
    for (std::size_t r = 0; r < registers; ++r)
      for (std::size_t lane = 0; lane < 4; ++lane)
        narrow[r][lane] = std::fma(a[i + 4 * r + lane], b[i + 4 * r + lane], narrow[r][lane]);

  std::array<double, 4> v{};
  for (std::size_t lane = 0; lane < 4; ++lane)
    v[lane] = ((narrow[0][lane] + narrow[1][lane]) + narrow[2][lane]) + narrow[3][lane];
  double sum = (v[0] + v[2]) + (v[1] + v[3]);
  for (std::size_t i = in_blocks_of_16; i < n; ++i) sum = std::fma(a[i], b[i], sum);
  return sum;
}

double norm(std::span<double const> a) { return std::sqrt(dot(a, a)); }

double pairwise_sum(std::span<double const> values) {
  constexpr std::size_t lanes = 8, block = 128;
  std::size_t const n = values.size();
  if (n < lanes) {
    double sum = 0;
    for (double const value : values) sum += value;
    return sum;
  }
  if (n <= block) {
    std::array<double, lanes> r{};
    for (std::size_t lane = 0; lane < lanes; ++lane) r[lane] = values[lane];
    std::size_t const whole = n - n % lanes;
    for (std::size_t i = lanes; i < whole; i += lanes)
      for (std::size_t lane = 0; lane < lanes; ++lane) r[lane] += values[i + lane];
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (std::size_t i = whole; i < n; ++i) sum += values[i];
    return sum;
  }
  std::size_t half = n / 2;
  half -= half % lanes;
  return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
}

std::vector<double> orthonormal_factor(std::vector<double> matrix, std::size_t rows, std::size_t columns) {
  auto const at = [&](std::size_t row, std::size_t column) -> double& { return matrix[row * columns + column]; };
  // Applies I - tau v v^T to a column from row `first` on; v is 1 at `first` and stored below it in column `reflector`.
  auto const reflect = [&](std::size_t reflector, std::size_t column, double tau) {
    double projection = at(reflector, column);
    for (std::size_t row = reflector + 1; row < rows; ++row) projection += at(row, reflector) * at(row, column);
    projection *= tau;
    at(reflector, column) -= projection;
    for (std::size_t row = reflector + 1; row < rows; ++row) at(row, column) -= at(row, reflector) * projection;
  };

  std::vector<double> tau(columns, 0.0);
  for (std::size_t k = 0; k < columns; ++k) {
    double below = 0;
    for (std::size_t row = k + 1; row < rows; ++row) below = std::hypot(below, at(row, k));
    if (below == 0) continue;
    double const alpha = at(k, k);
    double const beta = -std::copysign(std::hypot(alpha, below), alpha);
    tau[k] = (beta - alpha) / beta;
    for (std::size_t row = k + 1; row < rows; ++row) at(row, k) /= alpha - beta;
    at(k, k) = beta;
    for (std::size_t column = k + 1; column < columns; ++column) reflect(k, column, tau[k]);
  }

  for (std::size_t k = columns; k-- > 0;) {
    for (std::size_t column = k + 1; column < columns; ++column) {
      at(k, column) = 0;
      reflect(k, column, tau[k]);
    }
    for (std::size_t row = k + 1; row < rows; ++row) at(row, k) *= -tau[k];
    at(k, k) = 1 - tau[k];
  }
  return matrix;
}

}  // namespace mambasynth::series
