#include "analysis/document/rounding.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <string>

#include "analysis/document/tables.hpp"

using namespace mambasynth::analysis::document;
using mambasynth::tests::seeds;

namespace {

std::string text(double mean, double half) { return text_of(seeds(mean, half), Shows{}); }

}  // namespace

TEST_CASE("an estimate is rounded by its uncertainty: two digits of the half width, the mean to the same decimals") {
  CHECK(text(8.199964, 0.000714) == "8.19996 ± 0.00071");
  CHECK(text(8.184, 0.0294) == "8.184 ± 0.029");
  CHECK(text(0.123456, 0.000014) == "0.123456 ± 0.000014");
  CHECK(text(14.5, 3.4) == "14.5 ± 3.4");
  CHECK(text(1234.4, 345.1) == "1234 ± 345");
  CHECK(text(-0.0161, 0.0028) == "-0.0161 ± 0.0028");
}

TEST_CASE("a half width that rounds up to a power of ten keeps two digits") {
  CHECK(text(1, 0.0996) == "1.00 ± 0.10");
  CHECK(text(1, 0.0994) == "1.000 ± 0.099");
  CHECK(text(10, 9.96) == "10 ± 10");
}

TEST_CASE("a mean that rounds to zero has no sign") { CHECK(text(-0.0001, 0.12) == "0.00 ± 0.12"); }

TEST_CASE("numbers that would not fit a line share an exponent") {
  CHECK(text(3.2e-12, 1.1e-13) == "(3.20 ± 0.11)e-12");
  CHECK(text(4.2e20, 3e19) == "(4.20 ± 0.30)e20");
}

TEST_CASE("an interval with unequal sides shows both ends") {
  CHECK(text_of({.n = 5, .mean = 0.91, .sd = 0.04, .low = 0.84, .high = 0.94}, Shows{}) == "0.910 [0.840, 0.940]");
  CHECK(text_of({.n = 5, .mean = 1, .sd = 0.1, .low = 0.9, .high = 1}, Shows{}) == "1.00 [0.90, 1.00]");
}

TEST_CASE("without an interval there is no ±") {
  auto const nan = std::nan("");
  CHECK(text_of({.n = 1, .mean = 8.02431, .sd = nan, .low = nan, .high = nan}, Shows{}) == "8.0243");
  CHECK(text_of({.n = 3, .mean = 7, .sd = 0, .low = 7, .high = 7}, Shows{}) == "7");
  // The mean of three numbers 0.1 is rounded, so their deviation is not exactly 0.
  CHECK(text_of({.n = 3, .mean = 0.1, .sd = 2e-17, .low = 0.1 - 3e-17, .high = 0.1 + 3e-17}, Shows{}) == "0.1");
  CHECK(text_of(Estimate{}, Shows{}) == "–");
}

TEST_CASE("a plain number has five significant digits and no exponent within reason") {
  CHECK(plain_number(0.0000123456) == "0.000012346");
  CHECK(plain_number(100) == "100");
  CHECK(plain_number(31.5) == "31.5");
  CHECK(plain_number(1234567) == "1234567");
  CHECK(plain_number(0) == "0");
  CHECK(plain_number(-2.5) == "-2.5");
}

TEST_CASE("a value with its standard error has the error's decimals") {
  CHECK(text_of(0.0123456, 1.4e-05) == "0.012346 ± 0.000014");
  CHECK(text_of(8.18, std::nan("")) == "8.18");
  CHECK(text_of(std::nan(""), std::nan("")) == "–");
}

TEST_CASE("a number too small for its decimals has an exponent") {
  CHECK(decimal_text(27.12731, 4) == "27.1273");
  CHECK(decimal_text(-0.0012, 4) == "-0.0012");
  CHECK(decimal_text(2.0511e-09, 4) == "2.05e-09");
  CHECK(decimal_text(-0.000098, 4) == "-9.80e-05");
  CHECK(decimal_text(0, 4) == "0.0000");
  CHECK(decimal_text(std::nan(""), 4) == "–");
}

TEST_CASE("what a cell shows can be chosen") {
  auto const of = seeds(8.184, 0.03);
  CHECK(text_of(of, {.mean = false}) == "± 0.030");
  CHECK(text_of(of, {.interval = false}) == "8.184");
  CHECK(text_of(of, {.sd = true, .n = true}) == "8.184 ± 0.030 (sd 0.015, n 5)");
  CHECK(text_of(of, {.mean = false, .interval = false, .n = true}) == "n 5");
}
