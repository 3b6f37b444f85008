#include "analysis/collate/csv.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mambasynth::analysis::collate;
using Records = std::vector<std::vector<std::string>>;

TEST_CASE("CSV by RFC 4180") {
  CHECK(csv_line({"a", "1,2", "say \"x\"", ""}) == "a,\"1,2\",\"say \"\"x\"\"\",");
  CHECK(parse_csv("a,b\r\n1,\"x,\n\"\"y\"\"\"\n\n,last") == Records{{"a", "b"}, {"1", "x,\n\"y\""}, {"", "last"}});
  CHECK(parse_csv("").empty());
  Records const records = {{"", "a,b"}, {"\"", "line\nbreak"}};
  CHECK(parse_csv(csv_line(records[0]) + "\n" + csv_line(records[1]) + "\n") == records);
}
