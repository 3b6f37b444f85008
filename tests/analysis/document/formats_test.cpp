#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <string>

#include "analysis/document/html.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/document/table_csv.hpp"
#include "analysis/document/table_json.hpp"
#include "analysis/document/tables.hpp"
#include "store/csv.hpp"

using namespace mambasynth::analysis::document;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the CSV of a table has the numbers that its text rounds") {
  auto const records = mambasynth::store::csv::parse(to_csv(small_table()), "the table");
  CHECK(records[0] == mambasynth::store::csv::Record{"train.gate_lr_factor", "n", "test_mse_n", "test_mse_mean",
                                                     "test_mse_sd", "test_mse_ci_low", "test_mse_ci_high",
                                                     "test_mse_note", "test_mse_marks", "seconds_n", "seconds_mean",
                                                     "seconds_sd", "seconds_ci_low", "seconds_ci_high"});
  REQUIRE(records.size() == 3);
  CHECK(std::stod(records[1][3]) == 8.19996);
  CHECK(std::stod(records[1][5]) == Approx(8.19925).epsilon(1e-9));
  CHECK(records[1][8] == "*");
  CHECK(records[2] ==
        mambasynth::store::csv::Record{"1.0", "0 of 5", "", "", "", "", "", "failed", "", "", "", "", "", ""});
}

TEST_CASE("the JSON of a table has numbers, null for what is undefined, and any bytes as valid text") {
  auto table = small_table();
  table.rows[1][2] = Value("bad \xff \"quote\"");
  auto const json = nlohmann::json::parse(to_json(table));
  CHECK(json["columns"][3] == nlohmann::json{{"key", "seconds"}, {"title", "Time"}, {"unit", "s"}});
  auto const& first = json["rows"][0];
  CHECK(first["train.gate_lr_factor"] == 0.0);
  CHECK(first["test_mse"]["marks"] == nlohmann::json{"*"});
  CHECK(first["test_mse"]["value"]["mean"] == 8.19996);
  CHECK(first["seconds"]["n"] == 5);
  CHECK(json["rows"][1]["test_mse"] == "bad \\xFF \"quote\"");
  CHECK(json["rows"][1]["seconds"].is_null());
  CHECK(json["notes"][0] == nlohmann::json{{"mark", "*"}, {"text", "best"}});
}

TEST_CASE("HTML has values to sort by and escapes every text") {
  auto table = small_table();
  table.rows[1][0] = Value(hostile);
  table.columns[0].key = table.columns[0].title = hostile;
  table.caption = hostile;
  auto const html = to_html(Block(table));
  CHECK_THAT(html, ContainsSubstring("<table id=\"tab-gate\">") &&
                       ContainsSubstring("data-key=\"seconds\" data-type=\"number\">Time (s)</th>") &&
                       ContainsSubstring("data-value=\"8.19996\" data-sd=\"0.000355\"") &&
                       ContainsSubstring(">8.19996 ± 0.00071<sup>*</sup></td>") &&
                       ContainsSubstring("<th scope=\"row\" class=\"right\" data-value=\"0\">0.0</th>") &&
                       ContainsSubstring("Means over <code>done</code>."));
  CHECK_THAT(html, !ContainsSubstring("<script>") && ContainsSubstring("&lt;script&gt;") &&
                       ContainsSubstring("&quot;q&quot; &#39;r&#39;"));
}

TEST_CASE("links of HTML never run code, and figures can be put in by the page") {
  CHECK(html_text({link_to("a", "javascript:alert(1)")}) == "a");
  CHECK(html_text({link_to("a", "JAVASCRIPT:alert(1)")}) == "a");
  CHECK(html_text({link_to("a", "figures/a:b.svg")}) == "<a href=\"figures/a:b.svg\">a</a>");
  CHECK(html_text({link_to("<b>", "https://x.y/?a=1&b=\"2\"")}) ==
        "<a href=\"https://x.y/?a=1&amp;b=&quot;2&quot;\">&lt;b&gt;</a>");
  Figure const figure{.file = "f.svg", .caption = "Caption", .alternative = "a curve", .label = "curve"};
  CHECK_THAT(to_html(Block(figure)), ContainsSubstring("<figure id=\"fig-curve\">") &&
                                         ContainsSubstring("<img src=\"f.svg\" alt=\"a curve\">") &&
                                         ContainsSubstring("<figcaption>Caption</figcaption>"));
  CHECK_THAT(to_html(Block(figure), [](auto const& of) { return "<svg>" + of.file + "</svg>"; }),
             ContainsSubstring("<svg>f.svg</svg>") && !ContainsSubstring("<img"));
}

TEST_CASE("GitHub's Markdown escapes what it would take for markup") {
  auto table = small_table();
  table.rows[1][0] = Value(hostile);
  auto const markdown = to_markdown(Block(table));
  CHECK_THAT(markdown, ContainsSubstring(R"(a\_b %50 &amp; c\#1 \$x\$ {y} \\end{tabular})") &&
                           ContainsSubstring(R"(\`s\` \| \<script\>alert(1)\</script\>)") &&
                           ContainsSubstring(R"(\[l\](m) \*\* ±)") &&
                           ContainsSubstring("8.19996 ± 0.00071 <sup>\\*</sup> |") && ContainsSubstring(" Test MSE |"));
  CHECK(to_markdown(Block(Paragraph{{code("a`|b"), plain(" 1. c")}})) == "``a`|b`` 1. c\n");
  CHECK(to_markdown(Block(Paragraph{"2. no list"})) == "2\\. no list\n");
  CHECK(to_markdown(Block(CodeBlock{"a\n```\nb", "text"})) == "````text\na\n```\nb\n````\n");
}
