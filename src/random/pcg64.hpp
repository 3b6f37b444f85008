#pragma once

#include <bit>
#include <cstdint>

namespace mambasynth::random {

__extension__ typedef unsigned __int128 Word128;

/// PCG XSL RR 128/64 (O'Neill 2014), seeded like NumPy's default_rng(seed).
class Pcg64 {
 public:
  explicit Pcg64(std::uint64_t seed);

  std::uint64_t operator()() {
    step();
    return std::rotr(static_cast<std::uint64_t>(state_ >> 64) ^ static_cast<std::uint64_t>(state_),
                     static_cast<int>(state_ >> 122));
  }
  [[nodiscard]] Word128 state() const { return state_; }
  [[nodiscard]] Word128 increment() const { return increment_; }

 private:
  static constexpr Word128 multiplier = (static_cast<Word128>(0x2360ED051FC65DA4u) << 64) | 0x4385DF649FCCF645u;
  void step() { state_ = state_ * multiplier + increment_; }

  Word128 state_ = 0;
  Word128 increment_;
};

}  // namespace mambasynth::random
