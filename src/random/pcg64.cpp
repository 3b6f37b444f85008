#include "random/pcg64.hpp"

#include "random/seed_sequence.hpp"

namespace mambasynth::random {

Pcg64::Pcg64(std::uint64_t seed) {
  auto const word = seed_words(seed);
  increment_ = (((static_cast<Word128>(word[2]) << 64) | word[3]) << 1) | 1;
  step();
  state_ += (static_cast<Word128>(word[0]) << 64) | word[1];
  step();
}

}  // namespace mambasynth::random
