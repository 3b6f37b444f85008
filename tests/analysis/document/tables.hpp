#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "analysis/document/table.hpp"

/// Tables for the tests of renderers.
namespace mambasynth::tests {

namespace document = analysis::document;

/// What names of axes, trials and folders can hold.
inline std::string const hostile =
    R"(a_b %50 & c#1 $x$ {y} \end{tabular} "q" 'r' `s` | <script>alert(1)</script> ^ ~ [l](m) ** ± – ² é 中 -- )";

inline document::Estimate seeds(double mean, double half, std::int64_t n = 5) {
  return {.n = n, .mean = mean, .sd = half / 2, .low = mean - half, .high = mean + half};
}

/// Two rows: one with marks, one without a result.
inline document::Table small_table() {
  document::Table table;
  table.label = "gate";
  table.caption = "Gate";
  table.columns = {
      {.key = "train.gate_lr_factor", .title = "gate_lr_factor", .fit = document::Fit::shorten, .heads_row = true},
      {.key = "n", .title = "n"},
      {.key = "test_mse", .title = "test MSE", .words = "Test MSE"},
      {.key = "seconds", .title = "time (s)", .words = "Time", .unit = "s", .fit = document::Fit::drop}};
  table.rows = {{document::Value(document::Number{0, "0.0"}),
                 document::Value(document::Number{5, "5"}),
                 {seeds(8.19996, 0.00071), {"*"}},
                 document::Value(seeds(50.11, 0.87))},
                {document::Value(document::Number{1, "1.0"}), document::Value("0 of 5"), document::Value("failed"),
                 document::Value()}};
  table.notes = {{"*", "best"}, {"", {document::plain("Means over "), document::code("done"), document::plain(".")}}};
  return table;
}

}  // namespace mambasynth::tests
