#include "analysis/plot/text.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "analysis/plot/ticks.hpp"

using namespace mambasynth::analysis::plot;
using Catch::Approx;

TEST_CASE("what gnuplot would take for commands, or what is too long, does not reach it") {
  CHECK(quotable("a `rm x` \"b\" $c \\d\n") == "a _rm x_ _b_ _c _d_");
  CHECK(quotable("0123456789", 10) == "0123456789");
  CHECK(quotable("0123456789a", 10) == "01234567..");
  CHECK(quotable("0123456\u00e9\u00e9\u00e9", 10) == "0123456..");
}

TEST_CASE("the room of a text is that of DejaVu Sans") {
  constexpr double point = 25.4 / 72;
  CHECK(text_width("", 8) == 0);
  CHECK(text_width("0123456789", 8) == Approx(10 * 0.636 * 8 * point));  // digits are 0.636 em wide
  CHECK(text_width("Mi", 10) == Approx((0.863 + 0.278) * 10 * point));
  CHECK(text_width("\u00b5", 8) ==
        text_width("\u2212", 8));  // one character each, as wide as the widest that figures have
}

TEST_CASE("long texts are broken at spaces or shortened, never inside a character") {
  auto const lines = wrapped_text("one two three four", text_width("one two three", 8), 8);
  CHECK(lines == std::vector<std::string>{"one two three", "four"});
  auto const word = wrapped_text("unbreakable", 10, 8);
  REQUIRE(word.size() == 1);
  CHECK(text_width(word[0], 8) <= 10);
  CHECK(wrapped_text("", 10, 8).empty());
  CHECK(shortened("short", 100, 8) == "short");
  auto const cut = shortened("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 12, 8);
  CHECK(cut.ends_with("\u2026"));
  CHECK(text_width(cut, 8) <= 12);
  CHECK((cut.size() - 3) % 2 == 0);
  CHECK(lines_of("1\nbaseline") == std::vector<std::string>{"1", "baseline"});
}

TEST_CASE("numbers are printed with a minus sign and powers of ten") {
  CHECK(number_text(0.25) == "0.25");
  CHECK(number_text(-0.0) == "0");
  CHECK(number_text(-2) == "\u22122");
  CHECK(number_text(1e-7) == "10\u207b\u2077");
  CHECK(number_text(-2.5e9) == "\u22122.5\u00d710\u2079");
}

TEST_CASE("even ticks have the same decimals, and zero no sign") {
  CHECK(tick_labels(even_ticks(-0.0012, 0.0162), false) ==
        std::vector<std::string>{"0.000", "0.005", "0.010", "0.015"});
  CHECK(tick_labels(even_ticks(-1, 1), false) ==
        std::vector<std::string>{"\u22121.0", "\u22120.5", "0.0", "0.5", "1.0"});
  CHECK(tick_labels({1e7, 2e7}, false) == std::vector<std::string>{"10\u2077", "2\u00d710\u2077"});
}

TEST_CASE("logarithmic axes have at least three ticks") {
  CHECK(log_ticks(0.9, 2000) == std::vector<double>{1, 10, 100, 1000});
  CHECK(log_ticks(0.9, 60) == std::vector<double>{1, 2, 5, 10, 20, 50});
  CHECK(log_ticks(8, 27).size() >= 3);
  CHECK(log_ticks(8.1, 8.4).size() >= 3);
  CHECK(log_ticks(1e-9, 1e9).size() <= 6);
}
