#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::random {

/// PyTorch's CPU generator without LibTorch: MT19937 (Matsumoto & Nishimura 1998) seeded by init_genrand with the low
/// 32 bits of the seed, like torch.Generator().manual_seed(seed). std::mt19937 draws the same numbers, but gives no
/// access to its words and position, which checkpoints and torch's states consist of.
class Mt19937 {
 public:
  static constexpr std::size_t words = 624;

  explicit Mt19937(std::uint64_t seed);
  /// From the state of a running generator: its 624 words and how many of them have been used (0 .. 624; at 624 the
  /// next draw renews them). In torch's terms `position = left == 1 ? 624 : next`.
  Mt19937(std::array<std::uint32_t, words> const& state, std::size_t position) : state_(state), position_(position) {}
  /// From the bytes of torch.get_rng_state() (Generator::get_state()); errors::input if they are anything else.
  static Mt19937 from_torch_state(std::span<std::byte const> bytes);

  std::uint32_t operator()();
  /// Like random_() without a range on an int64 tensor: two draws, the first in the upper half, sign bit cleared.
  std::int64_t int64();
  /// torch.randperm(n) for n < 2^32 / 20.
  std::vector<std::int64_t> permutation(std::int64_t n);
  void discard(std::uint64_t draws);

  [[nodiscard]] std::array<std::uint32_t, words> const& state() const { return state_; }
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  void renew();
  std::array<std::uint32_t, words> state_{};
  std::size_t position_ = words;
};

}  // namespace mambasynth::random
