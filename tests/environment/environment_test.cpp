#include "environment/environment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "environment/launcher.hpp"

using namespace mambasynth::environment;

TEST_CASE("a whole number is all of a text, and in its range") {
  struct Case {
    char const* text;
    std::optional<std::int64_t> number;
  };
  for (auto const& [text, number] : std::vector<Case>{{"0", 0}, {"7", 7}, {" 7\n", 7}, {"100", 100}, {"101", std::nullopt}, {"-1", std::nullopt}, {"", std::nullopt}, {" ", std::nullopt},
                                                       {"7x", std::nullopt}, {"x7", std::nullopt}, {"7 8", std::nullopt}, {"1e1", std::nullopt}, {"0x7", std::nullopt}, {"7.0", std::nullopt},
                                                       {"nan", std::nullopt}, {"inf", std::nullopt}, {"Unknown", std::nullopt}, {"99999999999999999999", std::nullopt}}) {
    INFO(text);
    CHECK(whole_number(text, 0, 100) == number);
  }
}

TEST_CASE("a process that stands above this one is found by its name, and no other") {
  constexpr std::string_view nobody[]{"no such launcher"};
  CHECK(process_above(nobody) == 0);
}
