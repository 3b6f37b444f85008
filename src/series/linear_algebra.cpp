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

namespace {

/// Sums over blocks of four of a column, then its remaining one to three terms.
double finish(double sum, double const* a, std::span<double const> x) {
  std::size_t const whole = x.size() - x.size() % 4;
  switch (x.size() - whole) {
    case 0:
      return sum;
    case 1:
      return std::fma(a[whole], x[whole], sum);
    default:
      break;
  }
  double rest = std::fma(a[whole], x[whole], a[whole + 1] * x[whole + 1]);
  if (x.size() - whole == 3) rest = std::fma(a[whole + 2], x[whole + 2], rest);
  return sum + rest;
}

template <std::size_t lanes, bool fused>
double column_product(double const* a, std::span<double const> x) {
  std::array<double, lanes> v{};
  std::size_t const whole = x.size() - x.size() % 4;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      v[lane] = fused ? std::fma(a[i + lane], x[i + lane], v[lane]) : v[lane] + a[i + lane] * x[i + lane];
  if constexpr (lanes == 2) return finish(v[0] + v[1], a, x);
  else return finish((v[0] + v[2]) + (v[1] + v[3]), a, x);
}

}  // namespace

std::vector<double> transposed_product(double const* matrix, std::size_t columns, std::size_t leading,
                                       std::span<double const> x) {
  std::vector<double> products(columns);
  std::size_t const by_fours = columns - columns % 4, by_twos = columns - columns % 2;
  for (std::size_t j = 0; j < columns; ++j) {
    double const* const column = matrix + j * leading;
    if (j < by_fours) products[j] = column_product<4, true>(column, x);
    else if (j < by_twos) products[j] = column_product<2, false>(column, x);
    else products[j] = column_product<4, false>(column, x);
  }
  return products;
}

}  // namespace mambasynth::series
