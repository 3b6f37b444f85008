#include "analysis/representation/softmax_kernel.hpp"

namespace mambasynth::analysis::representation {

namespace {

using Eight = double __attribute__((vector_size(64), aligned(8)));
constexpr std::int64_t block = StandardisedRows::block;
static_assert(row_lanes == 8 && block % (2 * row_lanes) == 0);

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)  // a sanitizer starts after the choice between them
#define MAMBASYNTH_EVERY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MAMBASYNTH_EVERY_WIDTH
#endif

}  // namespace

MAMBASYNTH_EVERY_WIDTH
void logits_of_block(double const* x, std::int64_t dims, double const* weights, std::int64_t classes, double* logits) {
  for (std::int64_t k = 0; k < classes; k += class_tile)
    for (std::int64_t r = 0; r < block; r += 2 * row_lanes) {
      Eight sum[class_tile][2] = {};
      for (std::int64_t i = 0; i < dims; ++i) {
        auto const low = *reinterpret_cast<Eight const*>(x + i * block + r);
        auto const high = *reinterpret_cast<Eight const*>(x + i * block + r + row_lanes);
        for (std::int64_t c = 0; c < class_tile; ++c) {
          auto const weight = weights[(k + c) * dims + i];
          sum[c][0] += weight * low;
          sum[c][1] += weight * high;
        }
      }
      for (std::int64_t c = 0; c < class_tile; ++c) {
        *reinterpret_cast<Eight*>(logits + (k + c) * block + r) = sum[c][0];
        *reinterpret_cast<Eight*>(logits + (k + c) * block + r + row_lanes) = sum[c][1];
      }
    }
}

MAMBASYNTH_EVERY_WIDTH
void add_gradient(double const* x, std::int64_t dims, double const* residual, std::int64_t classes, double* sums) {
  constexpr std::int64_t features = 2;
  auto const whole = dims / features * features;
  for (std::int64_t k = 0; k < classes; k += class_tile) {
    for (std::int64_t i = 0; i < whole; i += features) {
      Eight sum[class_tile][features];
      for (std::int64_t c = 0; c < class_tile; ++c)
        for (std::int64_t f = 0; f < features; ++f)
          sum[c][f] = *reinterpret_cast<Eight const*>(sums + ((k + c) * dims + i + f) * row_lanes);
      for (std::int64_t r = 0; r < block; r += row_lanes) {
        auto const one = *reinterpret_cast<Eight const*>(x + i * block + r);
        auto const next = *reinterpret_cast<Eight const*>(x + (i + 1) * block + r);
        for (std::int64_t c = 0; c < class_tile; ++c) {
          auto const off = *reinterpret_cast<Eight const*>(residual + (k + c) * block + r);
          sum[c][0] += off * one;
          sum[c][1] += off * next;
        }
      }
      for (std::int64_t c = 0; c < class_tile; ++c)
        for (std::int64_t f = 0; f < features; ++f)
          *reinterpret_cast<Eight*>(sums + ((k + c) * dims + i + f) * row_lanes) = sum[c][f];
    }
    for (auto i = whole; i < dims; ++i)
      for (std::int64_t c = 0; c < class_tile; ++c)
        for (std::int64_t r = 0; r < block; r += row_lanes)
          *reinterpret_cast<Eight*>(sums + ((k + c) * dims + i) * row_lanes) +=
              *reinterpret_cast<Eight const*>(residual + (k + c) * block + r) *
              *reinterpret_cast<Eight const*>(x + i * block + r);
  }
}

}  // namespace mambasynth::analysis::representation
