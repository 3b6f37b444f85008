#include "random/numpy_generator.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

// Expected values: NumPy 2.4 (default_rng), computed outside this repository.
using mambasynth::random::cumulative;
using mambasynth::random::NumpyGenerator;
using mambasynth::random::Pcg64;
using mambasynth::random::Word128;
using Indices = std::vector<std::int64_t>;

namespace {
Indices first(Indices const& values, std::size_t count) {
  return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count)};
}
Word128 word(std::uint64_t high, std::uint64_t low) { return (static_cast<Word128>(high) << 64) | low; }
}  // namespace

TEST_CASE("PCG64 starts like default_rng(42)") {
  Pcg64 bits(42);
  CHECK(bits.state() == word(0xcea44f6798798f2au, 0xacbc7c9d68860ac8u));
  CHECK(bits.increment() == word(0xfa505436c9a8416eu, 0x66caf2e28d25abffu));
  CHECK(bits() == 0xc621fbcd16d92688u);
  CHECK(bits() == 0x705a5661a791ffc1u);
}

TEST_CASE("a seed above 32 bits fills two entropy words") { CHECK(Pcg64(123456789012u)() == 0x90e99d52f3d2e219u); }

TEST_CASE("doubles and normals equal NumPy's") {
  NumpyGenerator doubles(42);
  CHECK(doubles.uniform() == 0.7739560485559633);
  CHECK(doubles.uniform() == 0.4388784397520523);
  NumpyGenerator normals(42);
  CHECK(normals.normal() == 0.30471707975443135);
  CHECK(normals.normal() == -1.0399841062404955);
  CHECK(normals.normal() == 0.7504511958064572);
}

TEST_CASE("a million normals, including tails and wedges, have NumPy's sum") {
  NumpyGenerator generator(42);
  std::vector<double> values(1'000'000);
  generator.fill_normal(values);
  CHECK(*std::max_element(values.begin(), values.end()) == 5.0072352319089966);
  CHECK(*std::min_element(values.begin(), values.end()) == -4.928238480785121);
  double sum = 0;
  for (double const value : values) sum += value;
  CHECK(sum == 97.50249789376083);
  CHECK(generator.word64() == 0xe98de1a0c32899f3u);
}

TEST_CASE("32-bit words keep the upper half for the next one") {
  NumpyGenerator generator(42);
  CHECK(generator.word32() == 0x16d92688u);
  CHECK(generator.word64() == 0x705a5661a791ffc1u);
  CHECK(generator.word32() == 0xc621fbcdu);
}

TEST_CASE("bounded integers equal NumPy's") {
  NumpyGenerator generator(42);
  CHECK(generator.bounded(0) == 0);
  CHECK(generator.word64() == 0xc621fbcd16d92688u);
  NumpyGenerator large(42);
  CHECK(large.bounded(999999999999u) == 773956048555u);
  NumpyGenerator replaced(42);
  CHECK(replaced.choice_with_replacement(387, 5) == Indices{34, 299, 253, 169, 167});
}

TEST_CASE("choice without replacement equals NumPy's, few of many") {
  CHECK(NumpyGenerator(42).choice(387, 3) == Indices{253, 34, 298});
  CHECK(NumpyGenerator(42).choice(1554, 3) == Indices{1017, 138, 1201});
  CHECK(NumpyGenerator(42).choice(194, 3) == Indices{126, 17, 149});
  CHECK(first(NumpyGenerator(0).choice(100000, 2000), 5) == Indices{23483, 70538, 85153, 29311, 14470});
}

TEST_CASE("choice without replacement equals NumPy's, many: the tail of a shuffle") {
  auto sorted = NumpyGenerator(42).choice(100000, 10000);
  std::sort(sorted.begin(), sorted.end());
  CHECK(first(sorted, 5) == Indices{0, 38, 50, 54, 59});

  NumpyGenerator stream(42);
  auto large = stream.choice(99328, 10000);
  CHECK(first(large, 4) == Indices{54957, 94011, 31550, 89041});
  std::sort(large.begin(), large.end());
  CHECK(first(large, 5) == Indices{0, 37, 50, 54, 59});
  CHECK(std::adjacent_find(large.begin(), large.end()) == large.end());
  auto const next = stream.choice(99328, 2000);
  CHECK(first(next, 4) == Indices{79697, 34783, 83825, 6154});
  CHECK(Indices(next.end() - 3, next.end()) == Indices{51683, 21668, 33642});
}

TEST_CASE("choice of everything is a permutation") {
  auto const all = NumpyGenerator(3).choice(12, 12);
  CHECK(std::set<std::int64_t>(all.begin(), all.end()).size() == 12);
  CHECK(all == Indices{8, 3, 7, 11, 0, 10, 9, 1, 2, 4, 6, 5});
}

TEST_CASE("choice with probabilities equals NumPy's") {
  auto const sums = cumulative(std::vector{0.25, 0.0, 0.5, 0.25});
  CHECK(sums == std::vector{0.25, 0.25, 0.75, 1.0});
  NumpyGenerator generator(42);  // u = 0.774, 0.439, 0.859, 0.697
  Indices drawn;
  for (int i = 0; i < 4; ++i) drawn.push_back(generator.choice(sums));
  CHECK(drawn == Indices{3, 2, 3, 2});
}
