#include "support/print_check.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <stdexcept>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/paper.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"

// What makes a figure unreadable in print is found.

using namespace mambasynth;
using namespace mambasynth::tests;
using analysis::plot::Paper;

namespace {

analysis::plot::Size const page{80, 50};

std::vector<std::string> faults(std::string const& labels,
                                std::string const& plot = "\"figure_points.dat\" with points") {
  TemporaryFolder const folder;
  analysis::plot::Figure figure("figure", page);
  (void)figure.add_data("points", "1 1\n2 2\n3 3\n");
  figure.set_commands(
      "unset key\nset lmargin 10\nset rmargin 5\nset tmargin 3\nset bmargin 4\nset xrange [0:4]\nset yrange [0:4]\n" +
      labels + "plot " + plot + "\n");
  figure.draw(folder.path());
  auto found = faults_of(read_drawing(folder.path() / "figure.svg"));
  if (!found.empty()) CHECK_THROWS_AS(read_figure(folder.path() / "figure.svg"), std::runtime_error);
  return found;
}

bool any(std::vector<std::string> const& faults, std::string const& start) {
  return std::any_of(faults.begin(), faults.end(), [&](auto const& fault) { return fault.starts_with(start); });
}

}  // namespace

TEST_CASE("a figure with room for everything has no fault") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  Paper const paper(page);
  CHECK(faults(paper.text("a title", 20, 3)).empty());
}

TEST_CASE("texts that touch, leave the page, cover points or are too small are faults, and so is a blank panel") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  Paper const paper(page);
  CHECK(any(faults(paper.text("one", 30, 3) + paper.text("other", 32, 3.5)), "touch: one | other"));
  CHECK(faults(paper.text("one", 30, 3) + paper.text("other", 40, 3)).empty());
  CHECK(any(faults(paper.upright_text("upright", 76, 10) + paper.text("across", 70, 10)), "touch: upright | across"));
  CHECK(any(faults(paper.text("a text that ends beyond the page", 60, 3)), "off the page"));
  CHECK(any(faults(paper.text("left", 2, 20, analysis::plot::Align::right)), "off the page: left"));
  CHECK(any(faults("set label \"here\" at 2,2 center\n"), "on points: here"));
  CHECK(any(faults("set label \"tiny\" at screen 0.5,0.95 font \",5\"\n"), "too small: tiny"));
  CHECK(any(faults("", "NaN"), "blank panels"));
}
