#include "arrays/recorded_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fstream>
#include <string>

#include "errors/errors.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::arrays;
using Catch::Matchers::ContainsSubstring;
using Labels = std::vector<std::int64_t>;
using Values = std::vector<double>;

namespace {

RecordedTable recorded(std::string const& text, std::string const& labels = "") {
  tests::TemporaryFolder const folder;
  std::ofstream(folder.path() / "a.csv", std::ios::binary) << text;
  return read_recorded_table(folder.path() / "a.csv", labels);
}

}  // namespace

TEST_CASE("row numbers, time and labels are not channels, and each omission has a note") {
  auto const table = recorded(",Time [ms],left,State\n0,0,5.5,1\n1,4,6.5,0\n");
  CHECK(table.channels == 1);
  CHECK(table.x == Values{5.5, 6.5});
  CHECK(table.labels == Labels{1, 0});
  CHECK(table.notes.size() == 3);
}

TEST_CASE("columns that only resemble row numbers, time or labels are channels") {
  auto const table = recorded("timer,t,state,x0\n0,2,0.5,0\n1,1,1.5,1\n");
  CHECK(table.channels == 4);
  CHECK(table.labels.empty());
  CHECK(table.notes.empty());
  CHECK(recorded("0,1\n1,2\n2,3\n").channels == 2);  // numbers of columns, without row numbers
}

TEST_CASE("a named column holds the labels") {
  CHECK(recorded("a,b\n1.5,-3\n2.5,4\n", "b").labels == Labels{-3, 4});
  CHECK_THROWS_WITH(recorded("a,b\n1.5,3\n", "a"), ContainsSubstring("column 'a' are not all integers"));
  CHECK_THROWS_WITH(recorded("state,b\n1,3\n", "stat"), ContainsSubstring("Did you mean 'state'?"));
  CHECK_THROWS_WITH(recorded("1,3\n", "b"), ContainsSubstring("has no header"));
  CHECK_THROWS_WITH(recorded("label\n3\n"), ContainsSubstring("none of its columns is a channel"));
}
