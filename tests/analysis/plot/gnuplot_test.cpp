#include "analysis/plot/gnuplot.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "analysis/plot/style.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "support/drawing.hpp"
#include "support/gnuplot.hpp"
#include "support/path_without.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

Figure line() {
  Figure figure("line", {one_column, 60});
  auto const data = figure.add_data("points", "0 0\n1 1\n2 4\n");
  figure.set_commands("plot \"" + data + "\" using 1:2 with lines\n");
  return figure;
}

/// Collects what is written to stderr while it lives.
class StandardError {
 public:
  StandardError() : file_(std::tmpfile()), before_(::dup(STDERR_FILENO)) { ::dup2(fileno(file_), STDERR_FILENO); }
  StandardError(StandardError const&) = delete;
  StandardError& operator=(StandardError const&) = delete;
  ~StandardError() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    std::fclose(file_);
  }
  [[nodiscard]] std::string text() const {
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(::pread(fileno(file_), text.data(), text.size(), 0)));
    return text;
  }

 private:
  std::FILE* file_;
  int before_;
};

}  // namespace

TEST_CASE("a figure is drawn as SVG, PNG and PDF beside its script and data, the same bytes each time") {
  tests::TemporaryFolder folder, again;
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  line().draw(folder.path());
  line().draw(again.path());
  for (char const* name : {"plots/line.gp", "plots/line_points.dat", "line.svg", "line.png", "line.pdf"}) {
    CAPTURE(name);
    auto const content = store::read_text(folder.path() / name);
    CHECK_FALSE(content.empty());
    CHECK(content == store::read_text(again.path() / name));
  }
  auto const drawing = tests::read_drawing(folder.path() / "line.svg");
  REQUIRE(drawing.panels.size() == 1);
  auto const& panel = drawing.panels[0];
  auto const points = panel.values(panel.plots.at(0).line());
  REQUIRE(points.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    auto const x = static_cast<double>(i);
    CHECK(points[i].x == Approx(x).margin(1e-3));
    CHECK(points[i].y == Approx(x * x).margin(1e-3));
  }
  CHECK(store::read_text(folder.path() / "line.png").starts_with("\x89PNG"));
  CHECK(std::distance(std::filesystem::recursive_directory_iterator(folder.path()), {}) == 6);
}

TEST_CASE("all formats have the same size on paper, and a PDF has its fonts in it") {
  tests::TemporaryFolder folder;
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  line().draw(folder.path());
  constexpr double inch = 25.4;
  auto const drawing = tests::read_drawing(folder.path() / "line.svg");
  CHECK(drawing.width == Approx(one_column / inch * 96).margin(0.5));
  CHECK(drawing.height == Approx(60 / inch * 96).margin(0.5));
  auto const png = store::read_text(folder.path() / "line.png");
  auto const pixels = [&](std::size_t at) {
    return 256 * static_cast<unsigned char>(png.at(at)) + static_cast<unsigned char>(png.at(at + 1));
  };
  CHECK(pixels(18) == Approx(one_column / inch * 300).margin(0.5));
  CHECK(pixels(22) == Approx(60 / inch * 300).margin(0.5));
  // 300 dots an inch are 11811 a meter; the checksum is that of libpng.
  auto const resolution = std::string("\0\0\0\x09pHYs\0\0\x2e\x23\0\0\x2e\x23\x01\x78\xa5\x3f\x76", 21);
  CHECK(png.find(resolution) == 33);
  auto const pdf = store::read_text(folder.path() / "line.pdf");
  auto const box = pdf.find("/MediaBox [ 0 0 ");
  REQUIRE(box != std::string::npos);
  CHECK(std::stod(pdf.substr(box + 16)) == Approx(one_column / inch * 72).margin(1));
  CHECK_THAT(pdf, ContainsSubstring("/FontFile"));
  CHECK(drawing.texts.at(0).size == Approx(text_points / 72 * 96).epsilon(0.001));
}

TEST_CASE("the script runs by hand") {
  tests::TemporaryFolder folder;
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  line().draw(folder.path());
  auto const drawn = store::read_text(folder.path() / "line.svg");
  for (std::string const command :
       {"gnuplot plots/line.gp", "cd plots && gnuplot -d line.gp", "cd / && gnuplot -d $OLDPWD/plots/line.gp",
        "gnuplot -e \"load 'plots/line.gp'\""}) {
    CAPTURE(command);
    for (char const* name : {"line.svg", "line.png", "line.pdf"}) std::filesystem::remove(folder.path() / name);
    REQUIRE(std::system(("cd " + folder.path().string() + " && " + command).c_str()) == 0);
    CHECK(store::read_text(folder.path() / "line.svg") == drawn);
    CHECK(std::filesystem::exists(folder.path() / "line.png"));
    CHECK(std::filesystem::exists(folder.path() / "line.pdf"));
  }
}

TEST_CASE("scripts and data of older versions beside the figure give way; other files of those names stay") {
  tests::TemporaryFolder folder;
  store::write_atomically(folder.path() / "line.gp", "# Draws line.svg, line.png and line.pdf: gnuplot -d line.gp\n");
  store::write_atomically(folder.path() / "line_points.dat", "old");
  store::write_atomically(folder.path() / "line_mine.dat", "mine");
  line().draw(folder.path());
  CHECK_FALSE(std::filesystem::exists(folder.path() / "line.gp"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "line_points.dat"));
  CHECK(std::filesystem::exists(folder.path() / "line_mine.dat"));
  store::write_atomically(folder.path() / "line.gp", "plot x\n");
  store::write_atomically(folder.path() / "line_points.dat", "mine");
  line().draw(folder.path());
  CHECK(store::read_text(folder.path() / "line.gp") == "plot x\n");
  CHECK(store::read_text(folder.path() / "line_points.dat") == "mine");
}

TEST_CASE("without gnuplot, script and data are written and the note says what to do") {
  tests::TemporaryFolder folder;
  tests::PathWithout const gnuplot;
  StandardError error;
  line().draw(folder.path());
  line().draw(folder.path());
  auto const note = error.text();
  CHECK_THAT(note, ContainsSubstring("install gnuplot") && ContainsSubstring(folder.path().string()));
  CHECK(std::count(note.begin(), note.end(), '\n') == 1);
  CHECK(std::filesystem::exists(folder.path() / "plots/line.gp"));
  CHECK(std::filesystem::exists(folder.path() / "plots/line_points.dat"));
  CHECK(std::distance(std::filesystem::recursive_directory_iterator(folder.path()), {}) == 3);
}

TEST_CASE("what gnuplot complains about is passed on, and no half figure stays") {
  tests::TemporaryFolder folder;
  Figure figure("wrong", {one_column, 60});
  figure.set_commands("plot \"absent.dat\" using 1:2\n");
  try {
    if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
    figure.draw(folder.path());
    FAIL("no error");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::defect);
    CHECK_THAT(error.what(), ContainsSubstring("absent.dat"));
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() / "wrong.svg"));
  CHECK(std::distance(std::filesystem::recursive_directory_iterator(folder.path()), {}) == 2);
}
