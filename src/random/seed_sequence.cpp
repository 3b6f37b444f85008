#include "random/seed_sequence.hpp"

namespace mambasynth::random {
namespace {

constexpr std::size_t pool_size = 4;

/// Multiplies by a constant that advances with every use.
class HashMix {
 public:
  std::uint32_t operator()(std::uint32_t value) {
    value ^= constant_;
    constant_ *= 0x931e8875u;
    value *= constant_;
    return value ^ (value >> 16);
  }

 private:
  std::uint32_t constant_ = 0x43b0d7e5u;
};

std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
  std::uint32_t const result = 0xca01f9ddu * x - 0x4973f715u * y;
  return result ^ (result >> 16);
}

}  // namespace

std::array<std::uint64_t, 4> seed_words(std::uint64_t seed) {
  std::array<std::uint32_t, pool_size> const entropy{static_cast<std::uint32_t>(seed),
                                                     static_cast<std::uint32_t>(seed >> 32), 0, 0};
  HashMix hash_mix;
  std::array<std::uint32_t, pool_size> pool{};
  for (std::size_t i = 0; i < pool_size; ++i) pool[i] = hash_mix(entropy[i]);
  for (std::size_t i = 0; i < pool_size; ++i)
    for (std::size_t j = 0; j < pool_size; ++j)
      if (j != i) pool[j] = mix(pool[j], hash_mix(pool[i]));

  std::array<std::uint64_t, 4> words{};
  std::uint32_t constant = 0x8b51f9ddu;
  for (std::size_t i = 0; i < 2 * words.size(); ++i) {
    std::uint32_t value = pool[i % pool_size] ^ constant;
    constant *= 0x58f38dedu;
    value *= constant;
    value ^= value >> 16;
    words[i / 2] |= static_cast<std::uint64_t>(value) << (i % 2 == 0 ? 0 : 32);
  }
  return words;
}

}  // namespace mambasynth::random
