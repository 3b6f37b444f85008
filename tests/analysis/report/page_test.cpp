#include "analysis/report/page.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "analysis/report/base64.hpp"
#include "analysis/report/made_up_chapter.hpp"
#include "analysis/report/report.hpp"
#include "store/atomic_file.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis;
using namespace mambasynth::analysis::report;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("base64 follows RFC 4648") {
  // Its test vectors, section 10.
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfd") == "//79");
  CHECK(bytes_of_hex("00ff7A") == std::string("\0\xffz", 3));
}

TEST_CASE("a page holds its figures and leads to its sections") {
  TemporaryFolder const root;
  store::write_atomically(root.path() / "figures/f.svg", "<svg/>");
  document::Document document{.title = "A & B", .blocks = {}, .sections = {}};
  document.sections.push_back(
      {.title = "One <1>",
       .label = "one",
       .blocks = {document::Figure{.file = "figures/f.svg", .caption = "c", .alternative = "a \"quoted\" figure"}}});
  auto const page = to_page(document, root.path());
  CHECK_THAT(page, ContainsSubstring("<title>A &amp; B</title>"));
  CHECK_THAT(page, ContainsSubstring("<a href=\"#sec-one\">One &lt;1&gt;</a>"));
  CHECK_THAT(page, ContainsSubstring("<section id=\"sec-one\">"));
  CHECK_THAT(page, ContainsSubstring("alt=\"a &quot;quoted&quot; figure\" src=\"data:image/svg+xml;base64,PHN2Zy8+\""));
  CHECK_THAT(page, !ContainsSubstring("figures/f.svg"));
}

TEST_CASE("hostile names are text in every file of a report") {
  TemporaryFolder const root;
  std::string const axis = "train.<script>alert(1)</script>",
                    value = "a|b\"c'</style><img src=x onerror=alert(1)>" + std::string(200, 'y');
  MadeUpSweep made_up({axis});
  made_up.folder(root.path() / "sweep", "[sweep]\nname = \"x\"\n# </script><script>alert(2)</script>\n");
  made_up.cell({{axis, value}}, "test_mse", {1, 2}).cell({{axis, "b"}}, "test_mse", {3, 5});
  auto chapter = chapter_of(made_up, "</title><script>alert(3)</script>");
  chapter.sweep_toml = made_up.sweep().sweep_toml.at(root.path() / "sweep");
  auto const html = store::read_text(write({chapter}, {.folder = root.path() / "out", .command = {"<script>"}}));
  std::size_t scripts = 0;
  for (auto at = html.find("<script"); at != std::string::npos; at = html.find("<script", at + 1)) ++scripts;
  CHECK(scripts == 1);  // the page's own
  CHECK_THAT(html, !ContainsSubstring("<img src=x"));
  auto const markdown = store::read_text(root.path() / "out/report.md");
  // Outside of fenced code, where nothing is markup, a `<` has a backslash before it, except that of the marks.
  auto const outside = markdown.substr(0, markdown.find("```"));
  for (auto at = outside.find('<'); at != std::string::npos; at = outside.find('<', at + 1)) {
    INFO(outside.substr(at, 20));
    CHECK((outside[at - 1] == '\\' || outside.substr(at).starts_with("<sup>") ||
           outside.substr(at).starts_with("</sup>")));
  }
  auto const tex = store::read_text(root.path() / "out/tables/cells.tex");
  CHECK_THAT(tex, ContainsSubstring("\\begin{table}"));
}
