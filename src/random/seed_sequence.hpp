#pragma once

#include <array>
#include <cstdint>

namespace mambasynth::random {

/// NumPy's SeedSequence for a seed of at most 64 bits: four 64-bit words that start a bit generator.
/// Source: M. E. O'Neill, "Developing a seed_seq alternative" (2015); constants as in NumPy's documentation.
std::array<std::uint64_t, 4> seed_words(std::uint64_t seed);

}  // namespace mambasynth::random
