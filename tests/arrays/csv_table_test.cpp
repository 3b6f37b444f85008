#include "arrays/csv_table.hpp"

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
using Names = std::vector<std::string>;
using Values = std::vector<double>;

namespace {

CsvTable table_of(std::string const& text) {
  tests::TemporaryFolder const folder;
  std::ofstream(folder.path() / "a.csv", std::ios::binary) << text;
  return read_csv(folder.path() / "a.csv");
}

}  // namespace

TEST_CASE("each separator gives the same table") {
  for (char const* text : {"1,-2.5\n3e2,0.5\n", "1;-2.5\n3e2;0.5\n", "1\t-2.5\n3e2\t0.5\n", "  1   -2.5\n 3e2  0.5 \n",
                           "\xEF\xBB\xBF"
                           "1,-2.5\r\n3e2,+.5\r\n",
                           "# from a program\n\n1, -2.5\n\"3e2\",\"0.5\"\n\n"}) {
    INFO(text);
    auto const table = table_of(text);
    CHECK(table.names.empty());
    CHECK((table.rows == 2 && table.columns == 2));
    CHECK(table.values == Values{1, -2.5, 300, 0.5});
  }
}

TEST_CASE("a first row of words, or of the column numbers that pandas writes, is a header") {
  CHECK(table_of("left,\"right, deep\"\n1,2\n").names == Names{"left", "right, deep"});
  CHECK(table_of("0,1,2\n5,6,7\n").names == Names{"0", "1", "2"});
  CHECK(table_of(",0,1\n0,6,7\n").names == Names{"", "0", "1"});
  CHECK(table_of("0\n1\n").names.empty());
  CHECK(table_of("0,2\n1,2\n").rows == 2);
}

TEST_CASE("a value too small for double precision is zero, one too large is refused") {
  CHECK(table_of("1e-400,2\n").values == Values{0, 2});
  CHECK_THROWS_WITH(table_of("1e400,2\n"), ContainsSubstring("line 1, column 1 holds 1e400"));
}

TEST_CASE("what is not a finite number is located by line and column") {
  CHECK_THROWS_WITH(table_of("a,b\n1,2\n3,4 V\n"), ContainsSubstring("line 3, column 2 ('b') holds '4 V'"));
  CHECK_THROWS_WITH(table_of("1,2\n\n# more\n3,\n"), ContainsSubstring("line 4, column 2 is empty"));
  CHECK_THROWS_WITH(table_of("1,2\n3,NaN\n"), ContainsSubstring("line 2, column 2 holds NaN"));
  CHECK_THROWS_WITH(table_of("1,x\n3,4\n"), ContainsSubstring("line 1, column 2 holds 'x'"));
  CHECK_THROWS_WITH(table_of("1;2,5\n"), ContainsSubstring("'2,5'") && ContainsSubstring("points, not commas"));
  CHECK_THROWS_WITH(table_of("1,2\n3,4,5\n"), ContainsSubstring("line 2 has 3 fields, line 1 has 2"));
  CHECK_THROWS_WITH(table_of(""), ContainsSubstring("no row of numbers"));
}
