#include "analysis/representation/softmax_kernel.hpp"

#include <bit>
#include <cmath>
#include <iterator>

#include "analysis/neighbors/every_width.hpp"

namespace mambasynth::analysis::representation {

namespace {

constexpr std::int64_t block = StandardizedRows::block;
static_assert(row_lanes == 8 && block % (2 * row_lanes) == 0);

using EightBits = std::int64_t __attribute__((vector_size(64), aligned(8)));

/// e^x for x <= 0, within 2 units in the last place down to e^-708, which also stands for everything below; NaN stays
/// NaN. x = n ln 2 + r with ln 2 in two parts (Cody & Waite 1980), Taylor's series of e^r: the same operations, hence
/// bit-identical results, at any vector width.
inline __attribute__((always_inline)) void exponentiate(neighbors::Eight& x) {
  constexpr double least = -708, log2_e = 0x1.71547652b82fep+0, ln2_high = 0x1.62e42feep-1,
                   ln2_low = 0x1.a39ef35793c76p-33;
  constexpr double to_integer = 0x1.8p52;  // adding this rounds to an integer, which ends up in the low bits
  constexpr double inverse_factorial[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
      1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       0.5,          1,           1};
  x = x < least ? neighbors::Eight{} + least : x;
  neighbors::Eight const shifted = x * log2_e + to_integer;
  neighbors::Eight const n = shifted - to_integer;
  neighbors::Eight const r = (x - n * ln2_high) - n * ln2_low;
  neighbors::Eight power = neighbors::Eight{} + inverse_factorial[0];
  for (std::size_t i = 1; i < std::size(inverse_factorial); ++i) power = power * r + inverse_factorial[i];
  constexpr std::int64_t bias = 1023 - std::bit_cast<std::int64_t>(to_integer);
  constexpr int exponent_at = 52;
  x = power * (neighbors::Eight)(((EightBits)shifted + bias) << exponent_at);
}

}  // namespace

MAMBASYNTH_EVERY_WIDTH
void softmax_of_block(double* logits, double const* intercept, std::int64_t classes, double* log_sum) {
  constexpr auto stride = block / row_lanes;
  for (std::int64_t r = 0; r < block; r += row_lanes) {
    auto* const of_class = reinterpret_cast<neighbors::Eight*>(logits + r);
    of_class[0] += intercept[0];
    neighbors::Eight greatest = of_class[0];
    for (std::int64_t k = 1; k < classes; ++k) {
      auto& logit = of_class[k * stride];
      logit += intercept[k];
      greatest = logit > greatest ? logit : greatest;
    }
    neighbors::Eight sum{};
    for (std::int64_t k = 0; k < classes; ++k) {
      neighbors::Eight value = of_class[k * stride] - greatest;
      exponentiate(value);
      of_class[k * stride] = value;
      sum += value;
    }
    neighbors::Eight const inverse = 1 / sum;
    for (std::int64_t k = 0; k < classes; ++k) of_class[k * stride] *= inverse;
    for (std::int64_t lane = 0; lane < row_lanes; ++lane) log_sum[r + lane] = greatest[lane] + std::log(sum[lane]);
  }
}

MAMBASYNTH_EVERY_WIDTH
void logits_of_block(double const* x, std::int64_t dims, double const* weights, std::int64_t classes, double* logits) {
  for (std::int64_t k = 0; k < classes; k += class_tile)
    for (std::int64_t r = 0; r < block; r += 2 * row_lanes) {
      neighbors::Eight sum[class_tile][2] = {};
      for (std::int64_t i = 0; i < dims; ++i) {
        auto const low = *reinterpret_cast<neighbors::Eight const*>(x + i * block + r);
        auto const high = *reinterpret_cast<neighbors::Eight const*>(x + i * block + r + row_lanes);
        for (std::int64_t c = 0; c < class_tile; ++c) {
          auto const weight = weights[(k + c) * dims + i];
          sum[c][0] += weight * low;
          sum[c][1] += weight * high;
        }
      }
      for (std::int64_t c = 0; c < class_tile; ++c) {
        *reinterpret_cast<neighbors::Eight*>(logits + (k + c) * block + r) = sum[c][0];
        *reinterpret_cast<neighbors::Eight*>(logits + (k + c) * block + r + row_lanes) = sum[c][1];
      }
    }
}

MAMBASYNTH_EVERY_WIDTH
void add_gradient(double const* x, std::int64_t dims, double const* residual, std::int64_t classes, double* sums) {
  constexpr std::int64_t features = 2;
  auto const whole = dims / features * features;
  for (std::int64_t k = 0; k < classes; k += class_tile) {
    for (std::int64_t i = 0; i < whole; i += features) {
      neighbors::Eight sum[class_tile][features];
      for (std::int64_t c = 0; c < class_tile; ++c)
        for (std::int64_t f = 0; f < features; ++f)
          sum[c][f] = *reinterpret_cast<neighbors::Eight const*>(sums + ((k + c) * dims + i + f) * row_lanes);
      for (std::int64_t r = 0; r < block; r += row_lanes) {
        auto const one = *reinterpret_cast<neighbors::Eight const*>(x + i * block + r);
        auto const next = *reinterpret_cast<neighbors::Eight const*>(x + (i + 1) * block + r);
        for (std::int64_t c = 0; c < class_tile; ++c) {
          auto const off = *reinterpret_cast<neighbors::Eight const*>(residual + (k + c) * block + r);
          sum[c][0] += off * one;
          sum[c][1] += off * next;
        }
      }
      for (std::int64_t c = 0; c < class_tile; ++c)
        for (std::int64_t f = 0; f < features; ++f)
          *reinterpret_cast<neighbors::Eight*>(sums + ((k + c) * dims + i + f) * row_lanes) = sum[c][f];
    }
    for (auto i = whole; i < dims; ++i)
      for (std::int64_t c = 0; c < class_tile; ++c)
        for (std::int64_t r = 0; r < block; r += row_lanes)
          *reinterpret_cast<neighbors::Eight*>(sums + ((k + c) * dims + i) * row_lanes) +=
              *reinterpret_cast<neighbors::Eight const*>(residual + (k + c) * block + r) *
              *reinterpret_cast<neighbors::Eight const*>(x + i * block + r);
  }
}

}  // namespace mambasynth::analysis::representation
