#include "analysis/plot/curves.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/ticks.hpp"
#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("curves with and without intervals, at one place, a few or many, with gaps") {
  for (std::size_t const places : {1, 5, 40})
    for (bool const log : {false, true}) {
      CAPTURE(places, log);
      std::vector<double> x, y, low, high, gaps(places, std::nan(""));
      for (std::size_t i = 0; i < places; ++i) {
        x.push_back(static_cast<double>(i + 1)), y.push_back(3.0 + static_cast<double>(i));
        low.push_back(y.back() - 0.5), high.push_back(y.back() + 0.5);
      }
      if (places > 1) gaps[0] = 2;
      Panel const panel{.part = "values",
                        .title = "Values",
                        .ylabel = "value",
                        .curves = {{"a", y, low, high}, {"b", y, {}, {}}, {"c", gaps, gaps, gaps}},
                        .references = {{"level", std::vector<double>(places, 1.0), {}, {}}},
                        .log_y = log};
      tests::TemporaryFolder folder;
      draw_curves({.name = "curves",
                   .legend_title = "letters",
                   .xlabel = "place",
                   .x = x,
                   .ticks = {},
                   .log2_x = log,
                   .panels = {panel}},
                  folder.path());
      auto const data = store::read_text(folder.path() / "curves_values.dat");
      CHECK_THAT(data, ContainsSubstring("# level: x mean low high\n1 1 nan nan\n") &&
                           ContainsSubstring("# a: x mean low high\n1 3 2.5 3.5\n") &&
                           ContainsSubstring("# b: x mean low high\n1 3 nan nan\n"));
      CHECK((data.find("# c:") == std::string::npos) == (places == 1));
      if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
      for (char const* name : {"curves.svg", "curves.png"})
        CHECK(std::filesystem::file_size(folder.path() / name) > 1000);
    }
}

TEST_CASE("nothing at all is no figure") {
  tests::TemporaryFolder folder;
  draw_curves({.name = "none", .legend_title = "", .xlabel = "", .x = {}, .ticks = {}, .panels = {}}, folder.path());
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("logarithmic axes have at least three ticks") {
  CHECK(log_ticks(0.9, 2000) == "(1, 10, 100, 1000)");
  CHECK(log_ticks(0.9, 60) == "(1, 2, 5, 10, 20, 50)");
  CHECK(log_ticks(8, 27) == "(10, 15, 20, 25)");
  CHECK(log_ticks(8.1, 8.4) == "(8.1, 8.2, 8.3, 8.4)");
  CHECK(log_ticks(1e-9, 1e9) == "(1e-09, 1e-05, 0.1, 1000, 1e+07)");
}

TEST_CASE("what gnuplot would take for commands, or what is too long, does not reach it") {
  CHECK(quotable("a `rm x` \"b\" $c \\d\n") == "a _rm x_ _b_ _c _d_");
  CHECK(quotable("0123456789", 10) == "0123456789");
  CHECK(quotable("0123456789a", 10) == "01234567..");
  CHECK(quotable("0123456\u00e9\u00e9\u00e9", 10) == "0123456..");
}
