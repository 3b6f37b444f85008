#include "store/csv.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

#include "store/raises.hpp"

namespace csv = mambasynth::store::csv;
using Catch::Matchers::ContainsSubstring;
using Records = std::vector<csv::Record>;

TEST_CASE("CSV follows RFC 4180", "[store]") {
  CHECK(csv::line({"a", "1,2", "say \"x\"", ""}) == "a,\"1,2\",\"say \"\"x\"\"\",");
  CHECK(csv::parse("a,b\r\n1,\"x,\n\"\"y\"\"\"\n\n,last", "a.csv") ==
        Records{{"a", "b"}, {"1", "x,\n\"y\""}, {"", "last"}});
  CHECK(csv::parse("", "a.csv").empty());
  Records const records = {{"", "a,b"}, {"\"", "line\nbreak"}, {"carriage\rreturn", ""}};
  CHECK(csv::parse(csv::line(records[0]) + "\n" + csv::line(records[1]) + "\n" + csv::line(records[2]) + "\n",
                   "a.csv") == records);
}

TEST_CASE("a non-finite number is an empty field", "[store]") {
  CHECK(csv::number(0.1) == "0.1");
  CHECK(csv::number(1e5) == "100000");
  CHECK(csv::number(std::nan("")).empty());
  CHECK(csv::number(HUGE_VAL).empty());
}

TEST_CASE("an unclosed quote is an input error that names the file and the line", "[store]") {
  auto const message = mambasynth::tests::message_of(mambasynth::errors::ExitCode::input,
                                                     [] { (void)csv::parse("a,b\n1,\"2\n3,4\n", "plan.csv"); });
  CHECK_THAT(message, ContainsSubstring("plan.csv") && ContainsSubstring("line 2"));
}
