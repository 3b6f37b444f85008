#include "analysis/plot/palette.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <set>
#include <string>

using namespace mambasynth::analysis::plot;

namespace {

/// Rec. 709, of the linear colors: what gray the color prints as.
double luminance_of(std::string const& color) {
  auto const part = [&](std::size_t at) { return std::pow(std::stoi(color.substr(at, 2), nullptr, 16) / 255.0, 2.2); };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

}  // namespace

TEST_CASE("every category has its own color, however many there are") {
  for (std::int64_t const count : {1, 2, 10, 11, 40}) {
    std::set<std::string> colors;
    for (std::int64_t i = 0; i < count; ++i) colors.insert(category_color(i, count));
    CHECK(static_cast<std::int64_t>(colors.size()) == count);
  }
  CHECK(category_color(0, 40) == "#440154");
  CHECK(category_color(39, 40) == "#fde725");
}

TEST_CASE("curves that have an order go from dark to light, and none is too light for a line on white") {
  for (std::size_t const count : {1, 2, 4, 8}) {
    std::set<std::string> colors;
    double before = -1;
    for (std::size_t i = 0; i < count; ++i) {
      auto const color = ordered_color(i, count);
      colors.insert(color);
      double const luminance = luminance_of(color);
      CHECK(luminance > before);
      CHECK(luminance < 0.75);
      before = luminance;
    }
    CHECK(colors.size() == count);
  }
}

TEST_CASE("no curve has a color of a category") {
  std::set<std::string> categories;
  for (std::int64_t i = 0; i < 10; ++i) categories.insert(category_color(i, 10));
  for (std::size_t i = 0; i < 7; ++i) CHECK_FALSE(categories.contains(series_color(i)));
}

TEST_CASE("text is black on light colors and white on dark ones") {
  CHECK(readable_on("#ffffff") == "#000000");
  CHECK(readable_on("#88ccee") == "#000000");
  CHECK(readable_on("#332288") == "#ffffff");
  CHECK(readable_on("#000000") == "#ffffff");
}
