#include "analysis/document/latex.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>

#include "analysis/document/latex_text.hpp"
#include "analysis/document/tables.hpp"

using namespace mambasynth::analysis::document;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a table in LaTeX: booktabs, columns of estimates for siunitx, text in braces") {
  CHECK(to_latex(Block(small_table())) ==
        "% needs the packages booktabs, graphicx and siunitx\n"
        "\\begin{table}\n\\centering\n\\caption{Gate}\n\\label{tab:gate}\n"
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
        "\\begin{tabular}{rrS[table-format=1.5(2),separate-uncertainty=true,"
        "table-space-text-post={\\textsuperscript{*}}]S[table-format=2.2(2),separate-uncertainty=true]}\n"
        "\\toprule\n"
        "{gate\\_lr\\_factor} & {n} & {Test MSE} & {Time (s)} \\\\\n"
        "\\midrule\n"
        "{0.0} & {5} & 8.19996(71) \\textsuperscript{*} & 50.11(87) \\\\\n"
        "{1.0} & {0 of 5} & {failed} & {--} \\\\\n"
        "\\bottomrule\n\\end{tabular}}\n\n\\smallskip\n\\begin{minipage}{\\linewidth}\n\\footnotesize\\raggedright\n"
        "\\textsuperscript{*}~best\\par\nMeans over \\texttt{done}.\\par\n\\end{minipage}\n\\end{table}\n");
}

TEST_CASE("a long heading is broken into lines") {
  auto table = small_table();
  table.columns[2].words = "Difference to the baseline_1";
  CHECK_THAT(to_latex(Block(table)), ContainsSubstring("& {\\shortstack[r]{Difference to\\\\the baseline\\_1}} &"));
}

TEST_CASE("intervals with unequal sides are no S column") {
  auto table = small_table();
  table.rows[0][2] = Cell(Estimate{.n = 5, .mean = 0.91, .sd = 0.04, .low = 0.84, .high = 0.94});
  CHECK_THAT(to_latex(Block(table)),
             ContainsSubstring("\\begin{tabular}{rrrS[") && ContainsSubstring("& 0.910 [0.840, 0.940] &"));
}

TEST_CASE("LaTeX text is escaped, what its fonts lack is named") {
  CHECK(latex_escaped("a_b%&#${}") == "a\\_b\\%\\&\\#\\$\\{\\}");
  CHECK(latex_escaped("\\ ^ ~ < > | ` \"") ==
        "\\textbackslash{} \\textasciicircum{} \\textasciitilde{} \\textless{} \\textgreater{} \\textbar{} "
        "\\textasciigrave{} ''");
  CHECK(latex_escaped("± – ² é × --x") == "\\ensuremath{\\pm} -- \\textsuperscript{2} é \\ensuremath{\\times} -{}-x");
  CHECK(latex_escaped("中\xff\n") == "U+4E2D\\textbackslash{}xFF ");
  CHECK(latex_text({code("a.b_c"), plain(" "), emphasis("d"), plain(" "), link_to("e", "https://f")}) ==
        "\\texttt{a.\\allowbreak{}b\\_\\allowbreak{}c} \\emph{d} e (\\texttt{https:/\\allowbreak{}/\\allowbreak{}f})");
  CHECK(latex_label("a b_c{}%") == "a-b-c---");
}

TEST_CASE("a code block cannot end early") {
  auto const latex = to_latex(Block(CodeBlock{"  a\n\\end{flushleft}\n"}));
  CHECK_THAT(latex, ContainsSubstring("\\mbox{}~~a\\\\\n\\mbox{}\\textbackslash{}end\\{flushleft\\}\\\\\n"));
}
