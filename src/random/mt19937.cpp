#include "random/mt19937.hpp"

#include <cstring>
#include <numeric>
#include <utility>

#include "errors/errors.hpp"

namespace mambasynth::random {

Mt19937::Mt19937(std::uint64_t seed) {
  state_[0] = static_cast<std::uint32_t>(seed);
  for (std::size_t i = 1; i < words; ++i)
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + static_cast<std::uint32_t>(i);
}

Mt19937 Mt19937::from_torch_state(std::span<std::byte const> bytes) {
  // uint64 seed; int32 left, seeded; uint64 next, state[624]; the rest belongs to normal().
  constexpr std::size_t left_at = 8, next_at = 16, state_at = 24;
  if (bytes.size() < state_at + words * sizeof(std::uint64_t))
    throw errors::input("the random generator's state cannot be read",
                        "it has " + std::to_string(bytes.size()) + " bytes, a CPU generator's has 5056",
                        "Pass the state of torch's CPU generator");
  std::int32_t left = 0;
  std::uint64_t next = 0;
  std::memcpy(&left, bytes.data() + left_at, sizeof left);
  std::memcpy(&next, bytes.data() + next_at, sizeof next);
  std::array<std::uint32_t, words> state{};
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + state_at + i * sizeof word, sizeof word);
    state[i] = static_cast<std::uint32_t>(word);
  }
  if (left < 1 || left > static_cast<std::int32_t>(words) || next > words)
    throw errors::input("the random generator's state cannot be read",
                        "position " + std::to_string(next) + " with " + std::to_string(left) + " left is impossible",
                        "Pass the state of torch's CPU generator");
  return {state, left == 1 ? words : static_cast<std::size_t>(next)};
}

void Mt19937::renew() {
  constexpr std::size_t middle = 397;
  auto const twist = [](std::uint32_t upper, std::uint32_t lower) {
    std::uint32_t const joined = (upper & 0x80000000u) | (lower & 0x7fffffffu);
    return (joined >> 1) ^ ((lower & 1u) != 0 ? 0x9908b0dfu : 0u);
  };
  for (std::size_t i = 0; i < words; ++i)
    state_[i] = state_[(i + middle) % words] ^ twist(state_[i], state_[(i + 1) % words]);
  position_ = 0;
}

std::uint32_t Mt19937::operator()() {
  if (position_ == words) renew();
  std::uint32_t y = state_[position_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

std::int64_t Mt19937::int64() {
  auto const upper = static_cast<std::uint64_t>((*this)());
  auto const lower = static_cast<std::uint64_t>((*this)());
  return static_cast<std::int64_t>(((upper << 32) | lower) & 0x7fffffffffffffffu);
}

std::vector<std::int64_t> Mt19937::permutation(std::int64_t n) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), std::int64_t{0});
  for (std::size_t i = 0; i + 1 < values.size(); ++i) std::swap(values[i], values[i + (*this)() % (values.size() - i)]);
  return values;
}

void Mt19937::discard(std::uint64_t draws) {
  for (; draws > 0; --draws) (*this)();
}

}  // namespace mambasynth::random
