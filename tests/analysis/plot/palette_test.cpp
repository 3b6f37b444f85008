#include "analysis/plot/palette.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace mambasynth::analysis::plot;

TEST_CASE("every category has its own color, however many there are") {
  for (std::int64_t const count : {1, 2, 10, 11, 40}) {
    std::set<std::string> colors;
    for (std::int64_t i = 0; i < count; ++i) colors.insert(category_color(i, count));
    CHECK(static_cast<std::int64_t>(colors.size()) == count);
  }
  CHECK(category_color(0, 40) == "#440154");
  CHECK(category_color(39, 40) == "#fde725");
}

TEST_CASE("text is black on light colors and white on dark ones") {
  CHECK(readable_on("#ffffff") == "#000000");
  CHECK(readable_on("#88ccee") == "#000000");
  CHECK(readable_on("#332288") == "#ffffff");
  CHECK(readable_on("#000000") == "#ffffff");
}
