#include "train/philox_stream.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <numbers>

#include "kernels/augment.hpp"
#include "kernels/dropout.hpp"

namespace mambasynth::train {
namespace {

static_assert(static_cast<std::uint32_t>(PhiloxStream::Purpose::noise) == kernels::noise_purpose);

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

/// [0, 1) from the upper 27 and 26 bits of two words.
double unit(std::uint32_t a, std::uint32_t b) {
  return (static_cast<double>(a >> 5) * 0x1p26 + static_cast<double>(b >> 6)) * 0x1p-53;
}

// Minimum number of pairs per thread.
constexpr std::int64_t grain = 4096;

}  // namespace

template <class F>
at::Tensor PhiloxStream::by_pairs(Purpose purpose, std::int64_t first_row, std::int64_t rows, std::int64_t elements,
                                  F&& pair) const {
  auto const words =
      kernels::philox({low(step_), high(step_), static_cast<std::uint32_t>(purpose), kernels::draws_counter},
                      {low(seed_), high(seed_)});
  std::array<std::uint32_t, 2> const stream{words[0], words[1]};
  auto drawn = at::empty({rows, elements}, at::kDouble);
  auto* values = drawn.mutable_data_ptr<double>();
  auto const pairs = (elements + 1) / 2;
  at::parallel_for(0, rows * pairs, grain, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) {
      auto const row = static_cast<std::uint64_t>(first_row + i / pairs),
                 number = static_cast<std::uint64_t>(i % pairs);
      auto const w = kernels::philox({low(number), high(number), low(row), high(row)}, stream);
      auto const [a, b] = pair(unit(w[0], w[1]), unit(w[2], w[3]));
      auto* const place = values + i / pairs * elements + i % pairs * 2;
      place[0] = a;
      if (i % pairs * 2 + 1 < elements) place[1] = b;
    }
  });
  return drawn;
}

at::Tensor PhiloxStream::uniform(Purpose purpose, std::int64_t first_row, std::int64_t rows,
                                 std::int64_t elements) const {
  return by_pairs(purpose, first_row, rows, elements, [](double a, double b) { return std::array{a, b}; });
}

at::Tensor PhiloxStream::normal(Purpose purpose, std::int64_t first_row, std::int64_t rows,
                                std::int64_t elements) const {
  return by_pairs(purpose, first_row, rows, elements, [](double a, double b) {
    auto const radius = std::sqrt(-2 * std::log(1 - a)), angle = 2 * std::numbers::pi * b;
    return std::array{radius * std::cos(angle), radius * std::sin(angle)};
  });
}

}  // namespace mambasynth::train
