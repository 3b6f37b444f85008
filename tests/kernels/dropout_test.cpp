#include "kernels/dropout.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using kernels::DropoutKey;
using kernels::philox;

namespace {

template <class T>
std::vector<T> dropped(DropoutKey const& key, double p, std::int64_t first, std::int64_t samples,
                       std::vector<T> const& x) {
  std::vector<T> out(x.size());
  kernels::dropout(key, p, first, samples, static_cast<std::int64_t>(x.size()) / samples, x.data(), out.data());
  return out;
}

template <class T>
void check_reference() {
  DropoutKey const key{0x123456789abcdef0, 0x1fffffff7, 5};
  for (std::int64_t elements : {1, 3, 4, 31, 32, 33, 8191, 8192, 8193, 20001})
    for (std::int64_t first : {std::int64_t{0}, std::int64_t{0xfffffffe}}) {
      auto const x = Uniform(9).operator()<T>(3 * elements, -1, 1);
      std::vector<T> expected(x.size());
      kernels::reference::dropout(key, 0.3, first, 3, elements, x.data(), expected.data());
      INFO(elements << " elements from sample " << first);
      CHECK(same_bits(dropped(key, 0.3, first, 3, x), expected));
    }
}

}  // namespace

TEST_CASE("Philox4x32-10 reproduces the known answers of its authors", "[dropout]") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(philox({ones, ones, ones, ones}, {ones, ones}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("The CPU dropout equals the reference bit for bit", "[dropout]") {
  with_each_instruction_set([] {
    check_reference<float>();
    check_reference<double>();
  });
}

TEST_CASE("A dropout mask depends only on its key, sample and element", "[dropout]") {
  std::vector<float> const ones(4 * 1000, 1.0f);
  DropoutKey const key{42, 7, 1};
  auto const whole = dropped(key, 0.25, 10, 4, ones);
  with_each_instruction_set([&] {
    for (int threads : {1, 2, 3}) {
      kernels::set_threads(threads);
      CHECK(same_bits(dropped(key, 0.25, 10, 4, ones), whole));
    }
    kernels::set_threads(0);
  });
  // One rank's half of the batch gets the mask of that half.
  auto const half = dropped(key, 0.25, 12, 2, std::vector<float>(2 * 1000, 1.0f));
  CHECK(std::equal(half.begin(), half.end(), whole.begin() + 2000));
  constexpr std::uint64_t high = std::uint64_t{1} << 32;
  for (auto const& other : {DropoutKey{43, 7, 1}, DropoutKey{42, 8, 1}, DropoutKey{42, 7, 2},
                            DropoutKey{42 + high, 7, 1}, DropoutKey{42, 7 + high, 1}}) {
    auto const mask = dropped(other, 0.25, 10, 4, ones);
    int equal = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) equal += mask[i] == whole[i];
    // Independent masks agree with probability 1 - 2 p (1 - p) = 0.625 per element, standard deviation 31 of 4000.
    CHECK(std::abs(equal - 2500) < 200);
  }
}

TEST_CASE("Dropout drops a fraction p and scales the rest", "[dropout]") {
  std::vector<double> const ones(1 << 20, 1.0);
  for (double p : {0.1, 0.5, 0.9}) {
    auto const out = dropped({1, 2, 3}, p, 0, 1, ones);
    double kept = 0;
    for (double v : out) {
      REQUIRE((v == 0 || v == 1 / (1 - p)));
      kept += v != 0;
    }
    double const deviation = std::sqrt(p * (1 - p) * static_cast<double>(ones.size()));
    CHECK(std::abs(kept - (1 - p) * static_cast<double>(ones.size())) < 5 * deviation);
  }
  auto const x = Uniform(4).operator()<float>(1000, -1, 1);
  CHECK(same_bits(dropped({1, 2, 3}, 0, 0, 1, x), x));
  CHECK(largest(dropped({1, 2, 3}, 1, 0, 1, x)) == 0);
  auto in_place = x;
  kernels::dropout<float>({1, 2, 3}, 0.5, 0, 1, 1000, in_place.data(), in_place.data());
  CHECK(same_bits(in_place, dropped({1, 2, 3}, 0.5, 0, 1, x)));
}

TEST_CASE("An impossible dropout is refused", "[dropout]") {
  CHECK_THROWS_WITH(kernels::dropout<float>({}, 1.5, 0, 0, 0, nullptr, nullptr),
                    Catch::Matchers::ContainsSubstring("between 0 and 1"));
}
