#include "random/mt19937.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstring>
#include <random>

#include "errors/errors.hpp"

using mambasynth::random::Mt19937;

TEST_CASE("MT19937 starts like torch's CPU generator") {
  Mt19937 generator(42);
  CHECK(generator() == 1608637542u);
  CHECK(generator() == 3421126067u);
  CHECK(generator() == 4083286876u);
}

TEST_CASE("MT19937 agrees with the standard library over several renewals of its state") {
  Mt19937 ours(5489);
  std::mt19937 theirs(5489);
  bool equal = true;
  for (int i = 0; i < 5000; ++i) equal = equal && ours() == theirs();
  CHECK(equal);
}

TEST_CASE("only the low 32 bits of a seed count, as in torch") {
  CHECK(Mt19937((std::uint64_t{7} << 32) | 42)() == Mt19937(42)());
}

TEST_CASE("a generator continues from its words and position") {
  Mt19937 generator(42);
  generator.discard(1000);
  Mt19937 copy(generator.state(), generator.position());
  for (int i = 0; i < 1000; ++i) REQUIRE(copy() == generator());
}

TEST_CASE("a generator continues from torch's state bytes") {
  Mt19937 generator(42);
  generator.discard(700);
  std::vector<std::byte> bytes(5056);
  auto const put = [&](std::size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  auto const position = generator.position();
  put(0, std::uint64_t{42});
  put(8, static_cast<std::int32_t>(Mt19937::words + 1 - position));
  put(12, std::int32_t{1});
  put(16, static_cast<std::uint64_t>(position));
  for (std::size_t i = 0; i < Mt19937::words; ++i) put(24 + 8 * i, static_cast<std::uint64_t>(generator.state()[i]));
  auto copy = Mt19937::from_torch_state(bytes);
  for (int i = 0; i < 1000; ++i) REQUIRE(copy() == generator());

  SECTION("freshly seeded, torch counts one left at position 0") {
    Mt19937 fresh(42);
    put(8, std::int32_t{1});
    put(16, std::uint64_t{0});
    for (std::size_t i = 0; i < Mt19937::words; ++i) put(24 + 8 * i, static_cast<std::uint64_t>(fresh.state()[i]));
    auto seeded = Mt19937::from_torch_state(bytes);
    CHECK(seeded() == 1608637542u);
  }
}

TEST_CASE("bytes that are not a generator's state are refused") {
  using Catch::Matchers::ContainsSubstring;
  CHECK_THROWS_WITH(Mt19937::from_torch_state(std::vector<std::byte>(16)), ContainsSubstring("16 bytes"));
}
