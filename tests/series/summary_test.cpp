#include "series/summary.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "series/series.hpp"

using namespace mambasynth;
using namespace mambasynth::series;
using Catch::Matchers::ContainsSubstring;

namespace {
Digest digest_of(config::Data const& data) {
  SeriesStream stream(data);
  Digest digest(stream.process(), data.n_steps);
  for_each_block(stream, [&](Block const& block) { digest.add(block); });
  return digest;
}
}  // namespace

TEST_CASE("the summary of the default series has the original's values") {
  auto const text = summary(digest_of({}));
  CHECK_THAT(text, ContainsSubstring("Data shape: (100000, 20)\n"));
  CHECK_THAT(text, ContainsSubstring("Circle  Radius  Period  Steps   %      Visits  Dwell     Dwell std"));
  CHECK_THAT(text, ContainsSubstring("\n" + std::string(75, '-') + "\n"));
  CHECK_THAT(text, ContainsSubstring("\n0       20.61   40      10240   10.2   24      426.7     101.8     \n"));
  CHECK_THAT(text, ContainsSubstring("\n9       18.29   400     8000    8.0    20      400.0     0.0       \n"));
  CHECK_THAT(text, ContainsSubstring("circle 0: 4.863\n"));
  CHECK_THAT(text, ContainsSubstring("0 ->  1:0.312  5:0.214  7:0.162  9:0.312\n"));
}

TEST_CASE("the summary has a row for each of any number of circles, visited or not") {
  for (std::int64_t const circles : {1, 3, 23}) {
    config::Data data;
    data.n_circles = circles;
    data.n_steps = 500;
    auto const text = summary(digest_of(data));
    auto const last = std::to_string(circles - 1);
    CHECK_THAT(text, ContainsSubstring("\n" + last + std::string(8 - last.size(), ' ')));
    CHECK_THAT(text, ContainsSubstring("circle " + last + ": "));
    CHECK_THAT(text, !ContainsSubstring("nan"));
  }
}

TEST_CASE("windows of a short series are clamped") {
  config::Data data;
  data.n_steps = 100;
  auto const short_digest = digest_of(data);
  for (auto const& window : short_digest.windows()) {
    CHECK(window.start == 0);
    CHECK(window.steps() == 100);
    CHECK(window.x.size() == 2000);
  }
  data.n_steps = 4000;
  auto const digest = digest_of(data);
  CHECK(digest.windows()[1].start == 500);
  CHECK(digest.windows()[2].start == 1000);
  auto const series = generate(data);
  for (auto const& window : digest.windows()) {
    REQUIRE(window.steps() == 3000);
    CHECK(std::equal(window.x.begin(), window.x.end(), series.x.begin() + window.start * 20));
    CHECK(std::equal(window.circle.begin(), window.circle.end(), series.circle.begin() + window.start));
  }
}
