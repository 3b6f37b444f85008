#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/document/inline_text.hpp"

namespace mambasynth::analysis::document {

/// A mean with its interval. NaN where undefined: without an interval, low and high; a mark of the cell can say why.
struct Estimate {
  std::int64_t n = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double sd = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};
inline Estimate estimate(double mean, double half_width) {
  return {.mean = mean, .low = mean - half_width, .high = mean + half_width};
}

/// A number as it was written: a value of an axis, a count.
struct Number {
  double value;
  std::string written;
};

using Value = std::variant<std::monostate, std::string, Number, Estimate>;

struct Cell {
  Value value = {};
  std::vector<std::string> marks = {};  ///< explained by the notes of the table

  Cell() = default;
  Cell(Value of, std::vector<std::string> with = {}) : value(std::move(of)), marks(std::move(with)) {}
};

/// What the text of a cell with an estimate contains.
struct Shows {
  bool mean = true, interval = true, sd = false, n = false;
};

enum class Align { left, right };

/// What becomes of a column when the table is too wide for a terminal.
enum class Fit { keep, drop, shorten };

struct Column {
  std::string key;         ///< identifies it in CSV and JSON
  std::string title;       ///< short, for a terminal, with the unit if it needs one
  std::string words = {};  ///< for print, without the unit; empty: the title is used
  std::string unit = {};   ///< of `words`; empty or "1": none
  Align align = Align::right;
  Shows shows = {};
  Fit fit = Fit::keep;
  bool heads_row = false;  ///< names the row
};

struct Note {
  std::string mark;
  Inline text;
};

struct Table {
  std::string label = {};  ///< for references
  Inline caption = {};
  std::vector<Column> columns = {};
  std::vector<std::vector<Cell>> rows = {};  ///< each as long as `columns`
  std::vector<Note> notes = {};
};

/// A value without a number or text, in print.
inline constexpr char const* nothing = "–";
/// "–: undefined, because ...", a line for below a text that holds `nothing`; empty for other texts.
std::string reason_for_nothing(std::string_view text, std::string_view because);

/// The words for print, with the unit: "Time (s)".
std::string print_heading(Column const& column);
/// The number to sort a value by; NaN for text.
double sort_value(Value const& value);
/// Whether any cell of the column is an estimate.
bool has_estimates(Table const& table, std::size_t column);
/// Whether any cell of the column has a mark.
bool has_marks(Table const& table, std::size_t column);
std::string joined_marks(Cell const& cell);
/// Adds the note unless there is one with this mark.
void add_note(Table& table, std::string const& mark, Inline text);

}  // namespace mambasynth::analysis::document
