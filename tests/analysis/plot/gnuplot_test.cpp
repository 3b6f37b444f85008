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
  Figure figure("line", {400, 300});
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

TEST_CASE("a figure is drawn as SVG and PNG beside its script and data, the same bytes each time") {
  tests::TemporaryFolder folder, again;
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  line().draw(folder.path());
  line().draw(again.path());
  for (char const* name : {"line.gp", "line_points.dat", "line.svg", "line.png"}) {
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
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 4);
}

TEST_CASE("the script runs by hand") {
  tests::TemporaryFolder folder;
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  line().draw(folder.path());
  auto const drawn = store::read_text(folder.path() / "line.png");
  std::filesystem::remove(folder.path() / "line.png");
  REQUIRE(std::system(("cd " + folder.path().string() + " && gnuplot line.gp").c_str()) == 0);
  CHECK(store::read_text(folder.path() / "line.png") == drawn);
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
  CHECK(std::filesystem::exists(folder.path() / "line.gp"));
  CHECK(std::filesystem::exists(folder.path() / "line_points.dat"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("what gnuplot complains about is passed on, and no half figure stays") {
  tests::TemporaryFolder folder;
  Figure figure("wrong", {400, 300});
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
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}
