#include "random/ziggurat.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstring>

using mambasynth::random::Ziggurat;

namespace {
/// 64-bit FNV-1a over the little-endian bytes.
template <class T>
void hash(std::uint64_t& state, T const& values) {
  for (auto const value : values) {
    unsigned char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    for (auto const byte : bytes) state = (state ^ byte) * 0x100000001b3u;
  }
}
}  // namespace

TEST_CASE("the ziggurat's tables equal NumPy's bit for bit") {
  auto const& tables = Ziggurat::tables();
  CHECK(tables.accept[0] == 0x000ef33d8025ef6au);
  CHECK(tables.accept[1] == 0);
  CHECK(tables.height[38] == 0.6773880362187735);
  std::uint64_t state = 0xcbf29ce484222325u;
  hash(state, tables.accept);
  hash(state, tables.width);
  hash(state, tables.height);
  CHECK(state == 0x2aaf6f8cd4345568u);
}
