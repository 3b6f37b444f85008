#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace mambasynth::train {

/// The random numbers of a training step other than dropout, from Philox4x32-10 as in kernels/dropout.hpp: a number
/// depends only on (seed, step, purpose, row, element), so it is the same for any number of threads, ranks and
/// micro-batches, and in training that is stopped and continued.
///
///   stream = the first two words of philox(counter = (step low, step high, purpose, 1), key = (seed low, seed high))
///   words  = philox(counter = (element / 2, (element / 2) / 2^32, row low, row high), key = stream)
///
/// The 1 distinguishes these streams from those of dropout, which have a 0 there.
class PhiloxStream {
 public:
  enum class Purpose : std::uint32_t { rotation = 0, scale = 1, noise = 2, negatives = 3 };

  PhiloxStream(std::uint64_t seed, std::uint64_t step) : seed_(seed), step_(step) {}

  /// (rows, elements) fp64; row 0 is row number `first_row`. On [0, 1), 53 random bits.
  [[nodiscard]] at::Tensor uniform(Purpose purpose, std::int64_t first_row, std::int64_t rows,
                                   std::int64_t elements) const;
  /// Standard normal: elements 2 i and 2 i + 1 from the same two uniform numbers (Box & Muller 1958).
  [[nodiscard]] at::Tensor normal(Purpose purpose, std::int64_t first_row, std::int64_t rows,
                                  std::int64_t elements) const;

 private:
  template <class F>
  [[nodiscard]] at::Tensor by_pairs(Purpose purpose, std::int64_t first_row, std::int64_t rows, std::int64_t elements,
                                    F&& pair) const;
  std::uint64_t seed_, step_;
};

}  // namespace mambasynth::train
