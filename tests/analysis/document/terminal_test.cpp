#include "analysis/document/terminal.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sstream>
#include <string>

#include "analysis/document/tables.hpp"
#include "analysis/document/text_rows.hpp"

using namespace mambasynth::analysis::document;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("on a terminal columns line up, marks and all, and notes stand below") {
  CHECK(to_terminal(Block(small_table())) ==
        "Gate\n\n"
        "| gate_lr_factor |      n |            test MSE |     time (s) |\n"
        "|---------------:|-------:|--------------------:|-------------:|\n"
        "|            0.0 |      5 | 8.19996 ± 0.00071 * | 50.11 ± 0.87 |\n"
        "|            1.0 | 0 of 5 |            failed   |            – |\n"
        "\n* best\nMeans over `done`.\n");
}

TEST_CASE("a field cannot end early, break the line, or steer the terminal") {
  auto table = small_table();
  table.rows[0][0] = Value("a|b\nc\x1b[31m\xff");
  CHECK_THAT(to_terminal(Block(table)), ContainsSubstring(R"(| a\|b c\x1B[31m\xFF |)"));
}

TEST_CASE("a table that is too wide drops columns, then shortens, then loses headings of rows") {
  auto table = small_table();
  auto const narrow = fit_terminal(table);
  CHECK(narrow.dropped.empty());
  CHECK_FALSE(narrow.shortened);

  table.columns[0].title = std::string(60, 'a');
  auto const dropped = fit_terminal(table);
  REQUIRE(dropped.dropped.size() == 1);
  CHECK(dropped.dropped[0].key == "seconds");
  CHECK_FALSE(dropped.shortened);
  CHECK(terminal_width(table) <= most_columns);

  table.rows[0][0] = Value(std::string(300, 'x') + "|end");
  auto const shortened = fit_terminal(table);
  CHECK(shortened.shortened);
  CHECK(terminal_width(table) == most_columns);
  CHECK_THAT(to_terminal(Block(table)), ContainsSubstring("| ..x") && ContainsSubstring("x\\|end |"));

  for (int i = 0; i < 30; ++i) {
    table.columns.insert(table.columns.begin(), {.key = "k", .title = "long title", .fit = Fit::shorten});
    for (auto& row : table.rows) row.insert(row.begin(), Value("value"));
  }
  auto const lost = fit_terminal(table);
  CHECK(lost.headings_dropped > 10);
  CHECK(terminal_width(table) <= most_columns);
  CHECK(table.columns.back().key == "test_mse");
}

TEST_CASE("a document reads as Markdown, wrapped") {
  Document document{.title = "Title", .blocks = {Paragraph{std::string(30, 'w') + " " + std::string(80, 'v')}}};
  document.sections = {
      {.title = "Inner",
       .blocks = {List{.items = {"one", {link_to("two", "https://x.y")}}, .numbered = true}, CodeBlock{"a\nb"}},
       .sections = {{.title = "Deeper"}}}};
  CHECK(to_terminal(document) == "# Title\n\n" + std::string(30, 'w') + "\n" + std::string(80, 'v') +
                                     "\n\n## Inner\n\n1. one\n2. two (https://x.y)\n\n    a\n    b\n\n### Deeper\n");
}
