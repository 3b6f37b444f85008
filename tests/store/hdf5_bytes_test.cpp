#include "store/hdf5_bytes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

using namespace mambasynth::store;
using namespace std::string_literals;

namespace {

std::string number(std::uint64_t value) { return {reinterpret_cast<char const*>(&value), sizeof value}; }

/// An object header of version 1 with `count` messages, each of which continues it with a block.
std::string header(std::size_t count, auto&& block_of) {
  constexpr std::size_t head = 16;
  std::string file = "\1\0\0\0\0\0\0\0"s + number(0);
  for (std::size_t i = 0; i < count; ++i) {
    auto const [offset, size] = block_of(i);
    file += "\x10\0\x10\0\0\0\0\0"s + number(offset) + number(size);
  }
  auto const size = static_cast<std::uint32_t>(file.size() - head);
  std::memcpy(file.data() + 8, &size, sizeof size);
  return file + std::string(64, '\0');
}

}  // namespace

TEST_CASE("an object header whose blocks overlap is refused") {
  using Block = std::pair<std::uint64_t, std::uint64_t>;
  SECTION("a block that continues with itself") {
    auto const file = header(1, [](std::size_t) { return Block{16, 24}; });
    CHECK_FALSE(detail::object_header(file, 0));
  }
  SECTION("blocks within blocks, which are more than one could read") {
    constexpr std::size_t count = 5000;
    auto const file = header(count, [](std::size_t i) { return Block{16 + 24 * i, 24 * (count - i)}; });
    CHECK_FALSE(detail::object_header(file, 0));
  }
  SECTION("a block behind the first is read") {
    std::uint64_t const first = 16 + 24;
    auto const file = header(1, [&](std::size_t) { return Block{first, 32}; });
    auto const found = detail::object_header(file, 0);
    REQUIRE(found);
    CHECK(found->attributes.empty());
  }
}
