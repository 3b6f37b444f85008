#include "errors/errors.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "errors/printable.hpp"

using namespace mambasynth;
using namespace std::string_literals;

TEST_CASE("any bytes in a message become one line of printable characters") {
  struct Case {
    std::string text, shown;
  };
  std::vector<Case> const cases{
      {"plain.toml", "plain.toml"},
      {"a\nb\tc\r", "a\\nb\\tc\\r"},
      {"\x1b[31mred", "\\x1B[31mred"},
      {"zero\0byte"s, "zero\\x00byte"},
      {"\x7f", "\\x7F"},
      {"caf\xe9.h5", "caf\\xE9.h5"},  // Latin-1
      {"caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\x8d", "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\x8d"},
      {"\xc0\xaf", "\\xC0\\xAF"},                    // overlong
      {"\xed\xa0\x80", "\\xED\\xA0\\x80"},           // surrogate
      {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},  // beyond the last character
      {"cut \xe2\x82", "cut \\xE2\\x82"},
      {"\xc2\x85", "\\x85"},                        // next line
      {"\xe2\x80\xa8", "\\u2028"},                  // line separator
      {"evil\xe2\x80\xae.txt", "evil\\u202E.txt"},  // right to left
      {"back\\slash", "back\\slash"},
  };
  for (auto const& [text, shown] : cases) {
    CHECK(errors::printable(text, 1000) == shown);
    CHECK(errors::printable(shown, 1000) == shown);
  }
  CHECK(errors::valid_utf8("a\nb caf\xe9") == "a\nb caf\\xE9");
}

TEST_CASE("shortening keeps both ends of a long text and splits no character or escape") {
  CHECK(errors::printable("0123456789abcdef", 12) == "012345...def");
  for (auto const* piece : {"x", "\xc3\xa9", "\xe9", "\n", "\xf0\x9f\x90\x8d"}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += piece;
    for (std::size_t most : {10u, 11u, 12u, 13u, 100u}) {
      auto const shown = errors::printable(text, most);
      CHECK(shown.size() <= most);
      CHECK(shown.find("...") != std::string::npos);
      CHECK(errors::valid_utf8(shown) == shown);
    }
  }
}

TEST_CASE("an error message is one line of bounded length") {
  std::string const long_path(1'000'000, 'p');
  std::string const message =
      errors::usage("cannot read " + long_path, "line one\nline two " + long_path, "Check\x1b" + long_path).what();
  CHECK(message.size() < 1200);
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.find('\x1b') == std::string::npos);
  CHECK(message.starts_with("cannot read ppp"));
  CHECK(message.find(" (line one\\nline two ppp") != std::string::npos);
  // An error quoted in another one is not escaped again.
  std::string const inside = errors::usage("a", message, "b").what();
  CHECK(inside.size() < 800);
}

TEST_CASE("an exception other than Error asks for a bug report only if it is a defect") {
  struct Case {
    errors::Error error;
    errors::ExitCode code;
    bool report;
  };
  auto const file = [](int number) {
    return std::filesystem::filesystem_error("status", "some/path", std::error_code(number, std::generic_category()));
  };
  std::vector<Case> const cases{
      {errors::unforeseen(std::bad_alloc()), errors::ExitCode::defect, false},
      {errors::unforeseen(std::length_error("vector::reserve")), errors::ExitCode::defect, false},
      {errors::unforeseen(std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried ...\nframe #0")),
       errors::ExitCode::defect, false},
      {errors::unforeseen(std::runtime_error("could not create a primitive")), errors::ExitCode::defect, false},
      {errors::unforeseen(file(ENAMETOOLONG)), errors::ExitCode::usage, false},
      {errors::unforeseen(file(EACCES)), errors::ExitCode::defect, false},
      {errors::unforeseen(std::logic_error("an ending that nothing handles\nframe #0")), errors::ExitCode::defect,
       true},
  };
  for (auto const& [error, code, report] : cases) {
    INFO(error.what());
    CHECK(error.code() == code);
    CHECK((std::string(error.what()).find("report") != std::string::npos) == report);
    CHECK(std::string(error.what()).find("frame") == std::string::npos);
  }
}
