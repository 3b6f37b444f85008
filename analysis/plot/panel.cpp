#include "analysis/plot/panel.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/reference_labels.hpp"
#include "analysis/plot/text.hpp"

namespace mambasynth::analysis::plot {
namespace {

// Millimeters.
constexpr double gap = 1, tick_gap = 2.2;  // between an axis and its ticks' labels
constexpr double longest_y_label = 30;

double widest_label(Axis const& axis) {
  double widest = 0;
  for (auto const& tick : axis.ticks)
    for (auto const& line : lines_of(tick.label))
      widest = std::max(widest, text_width(shortened(line, longest_y_label, text_points), text_points));
  return widest;
}

/// Of the x axis' labels, from the axis on; gnuplot sets lines of a label further apart than others.
double label_height(Axis const& axis) {
  constexpr double next_line = 4.5;
  std::size_t lines = 1;
  for (auto const& tick : axis.ticks) lines = std::max(lines, lines_of(tick.label).size());
  return tick_gap + text_height + next_line * static_cast<double>(lines - 1);
}

double longest_x_label(Axis const& axis, double width) {
  constexpr double least = 12;
  return std::max(least, width / static_cast<double>(std::max<std::size_t>(1, axis.ticks.size())));
}

/// What the last label of an axis needs beyond its end.
double overhang(Axis const& axis) {
  if (axis.ticks.empty()) return 0;
  auto const& last = axis.ticks.back();
  double half = 0;
  constexpr double least_frame = 25;
  double const longest = longest_x_label(axis, least_frame);
  for (auto const& line : lines_of(last.label))
    half = std::max(half, text_width(shortened(line, longest, text_points), text_points) / 2);
  return half - (1 - axis.share(last.at)) * least_frame;
}

bool empty(std::vector<double> const& y) {
  return std::none_of(y.begin(), y.end(), [](double value) { return std::isfinite(value); });
}

/// Nothing of it can be seen.
bool off_scale_at_one_side(std::vector<double> const& y, Axis const& axis) {
  return std::none_of(y.begin(), y.end(), [&](double value) { return value >= axis.low; }) ||
         std::none_of(y.begin(), y.end(), [&](double value) { return value <= axis.high; });
}

/// Neighbors between which a line is drawn have no empty row between them.
bool breaks_between(Axis const& axis, double before, double after) {
  return axis.log && axis.zero && before <= 0 && after > 0;
}

std::string heading(std::string const& name, char const* columns) {
  return fmt::format("# {}: {}\n", quotable(name), columns);
}

/// Rows of the points `chosen` selects.
template <class Chosen>
std::string rows_of(Series const& series, Axis const& axis, Chosen const& chosen) {
  std::string rows;
  bool any = false, gap_before = false;
  double last = 0;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!std::isfinite(series.y[i]) || !chosen(i)) {
      gap_before = any;
      continue;
    }
    if (series.joined && (gap_before || (any && breaks_between(axis, last, series.x[i])))) rows += "\n";
    any = true, gap_before = false, last = series.x[i];
    rows += fmt::format("{:.8g} {:.8g}", series.x[i], series.y[i]);
    if (!series.low.empty()) rows += fmt::format(" {:.8g} {:.8g}", series.low[i], series.high[i]);
    rows += "\n";
  }
  return rows;
}

/// Blocks of the panel's data file, and how the script refers to them.
class Blocks {
 public:
  explicit Blocks(std::string file) : file_(std::move(file)) {}
  std::string add(std::string const& head, std::string const& rows) {
    text_ += head + rows + "\n\n";
    return fmt::format("\"{}\" index {}", file_, count_++);
  }
  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  std::string file_, text_;
  int count_ = 0;
};

/// Column 1 of a `using`, with 0 at its place; `share` of the axis to the left.
std::string x_column(Axis const& axis, double share = 0) {
  auto const column = axis.log && axis.zero ? fmt::format("($1 > 0 ? $1 : {:.8g})", *axis.zero) : std::string("1");
  if (share == 0) return column;
  auto const value = column == "1" ? "$1" : column;
  return axis.log ? fmt::format("({}*{:.6g})", value, std::pow(axis.high / axis.low, -share))
                  : fmt::format("({}-{:.6g})", value, share * (axis.high - axis.low));
}

/// A band is drawn where a point has a neighbor; alone it needs a bar.
bool alone(Series const& series, Axis const& axis, std::size_t i) {
  auto const joins = [&](std::size_t a, std::size_t b) {
    return std::isfinite(series.y[a]) && std::isfinite(series.y[b]) && !breaks_between(axis, series.x[a], series.x[b]);
  };
  return !(i > 0 && joins(i - 1, i)) && !(i + 1 < series.x.size() && joins(i, i + 1));
}

struct Plots {
  std::vector<std::string> bands, references, bars, lines;
};

void plot_series(Series const& series, Panel const& panel, Frame const& frame, Blocks& blocks, Plots& plots) {
  if (empty(series.y)) return;
  auto const x = x_column(panel.x, series.across || series.joined ? 0 : series.aside / frame.width);
  auto const y = series.across ? fmt::format("($2-{:.6g})", series.aside / frame.height * (panel.y.high - panel.y.low))
                               : std::string("2");
  bool const intervals = !series.low.empty() && series.spread != Spread::none;
  auto const is_open = [&](std::size_t i) { return !series.open.empty() && series.open[i]; };
  auto const data = blocks.add(heading(series.name, series.low.empty() ? "x y" : "x y low high"),
                               rows_of(series, panel.x, [](std::size_t) { return true; }));
  auto const with_bars = [&](std::string const& from) {
    auto const style =
        fmt::format("with vectors nohead {}", line_words({.color = series.style.color, .width = normal}));
    plots.bars.push_back(series.across ? fmt::format("{} using 3:2:($4-$3):(0) {}", from, style)
                                       : fmt::format("{} using {}:3:(0):($4-$3) {}", from, x, style));
  };
  if (intervals && series.spread == Spread::bars) with_bars(data);
  if (intervals && series.spread == Spread::band) {
    plots.bands.push_back(
        fmt::format("{} using {}:3:4 with filledcurves fillcolor rgb \"{}\" fillstyle transparent solid 0.2 noborder",
                    data, x, series.style.color));
    if (auto const rows = rows_of(series, panel.x, [&](std::size_t i) { return alone(series, panel.x, i); });
        !rows.empty())
      with_bars(blocks.add(heading(series.name + ", alone", "x y low high"), rows));
  }
  if (series.joined)
    plots.lines.push_back(fmt::format("{} using {}:2 with lines {}", data, x, line_words(series.style)));
  if (series.style.point == 0) return;
  auto const opens = rows_of(series, panel.x, is_open);
  auto const marks = [&](std::string const& from, bool open) {
    plots.lines.push_back(fmt::format("{} using {}:{} with points {}", from, x, y, mark_words(series.style, open)));
  };
  if (opens.empty()) return marks(data, false);
  if (auto const filled = rows_of(series, panel.x, [&](std::size_t i) { return !is_open(i); }); !filled.empty())
    marks(blocks.add(heading(series.name + ", filled", "x y"), filled), false);
  marks(blocks.add(heading(series.name + ", open", "x y"), opens), true);
}

/// Two short strokes across the axis between 0 and the lowest value.
std::string break_commands(Axis const& axis, Frame const& frame, Paper const& paper) {
  if (!axis.log || !axis.zero) return {};
  double lowest = axis.high;
  for (auto const& tick : axis.ticks)
    if (tick.at > 0) lowest = std::min(lowest, tick.at);
  double const middle = frame.left + frame.width * (axis.share(0) + axis.share(lowest)) / 2;
  constexpr double half = 0.5, rise = 0.9;
  auto const style = line_words({.color = frame_gray, .width = normal});
  auto const erase = line_words({.color = "#ffffff", .width = 2.5});
  std::string text = paper.line(middle - half, frame.bottom(), middle + half, frame.bottom(), "front " + erase);
  for (double const x : {middle - half, middle + half})
    text += paper.line(x - half / 2, frame.bottom() + rise, x + half / 2, frame.bottom() - rise, "front " + style);
  return text;
}

double right_margin(Panel const& panel) { return std::max({right_label_width(panel), gap, overhang(panel.x)}); }

std::vector<std::string> title_lines(Panel const& panel, double frame_width) {
  return wrapped_text(panel.title, frame_width + right_margin(panel), text_points);
}

}  // namespace

Reference level(std::string name, Axis const& x, double y, std::size_t dash) {
  return {.name = std::move(name), .x = {x.low, x.high}, .y = {y, y}, .dash = dash};
}

Margins margins_of(Panel const& panel, bool labeled) {
  Margins margins;
  margins.left = gap + widest_label(panel.y) + tick_gap + (panel.y.title.empty() ? 0 : text_height + gap);
  margins.right = right_margin(panel);
  margins.below = !labeled ? gap : label_height(panel.x) + (panel.x.title.empty() ? 0 : text_height + gap / 2);
  return margins;
}

double room_above(Panel const& panel, double frame_width) {
  return gap + text_height * static_cast<double>(title_lines(panel, frame_width).size()) +
         small_height * static_cast<double>(off_scale_lines(panel, frame_width).size());
}

std::string panel_commands(Figure& figure, Panel const& panel, Frame const& frame, Paper const& paper, bool labeled,
                           std::string const& more) {
  auto text = fmt::format("unset label\nunset arrow\n{}set xrange [{:.10g}:{:.10g}]\nset yrange [{:.10g}:{:.10g}]\n",
                          paper.margins(frame), panel.x.low, panel.x.high, panel.y.low, panel.y.high);
  text += fmt::format("{} logscale x\n{} logscale y\n", panel.x.log ? "set" : "unset", panel.y.log ? "set" : "unset");
  auto x_axis = panel.x;
  auto y_axis = panel.y;
  shorten_labels(x_axis, longest_x_label(x_axis, frame.width));
  thin_labels(x_axis, frame.width);
  shorten_labels(y_axis, longest_y_label);
  text += tick_commands("x", x_axis, labeled) + tick_commands("y", y_axis, true);
  text += panel.grid ? fmt::format("set grid ytics linetype 1 linecolor rgb \"{}\" linewidth {:.3g}\n", grid_gray,
                                   line_width(thin))
                     : std::string("unset grid\n");
  auto const off_scale = off_scale_lines(panel, frame.width);
  double const small_above = small_height * static_cast<double>(off_scale.size());
  auto const title = title_lines(panel, frame.width);
  for (std::size_t i = 0; i < title.size(); ++i)
    text += paper.text(title[i], frame.left,
                       frame.top - small_above - (static_cast<double>(title.size() - i) - 0.5) * text_height - gap / 2);
  for (std::size_t i = 0; i < off_scale.size(); ++i)
    text += paper.small_text(off_scale[i], frame.left,
                             frame.top - small_above + (static_cast<double>(i) + 0.5) * small_height - gap / 2,
                             Align::left, fmt::format("textcolor rgb \"{}\"", reference_gray));
  if (!panel.y.title.empty())
    text += paper.upright_text(panel.y.title, frame.left - tick_gap - widest_label(panel.y) - gap - text_height / 2,
                               frame.top + frame.height / 2);
  if (labeled && !panel.x.title.empty())
    text += paper.text(panel.x.title, frame.left + frame.width / 2,
                       frame.bottom() + label_height(panel.x) + (text_height + gap) / 2, Align::center);
  text += right_label_commands(panel, frame, paper) + break_commands(panel.x, frame, paper) + more;

  Blocks blocks(figure.data_name(panel.part));
  Plots plots;
  for (auto const& reference : panel.references) {
    if (empty(reference.y)) continue;
    Series const line{
        .name = reference.name, .style = reference_style(reference.dash), .x = reference.x, .y = reference.y};
    auto const data =
        blocks.add(heading(reference.name, "x y"), rows_of(line, panel.x, [](std::size_t) { return true; }));
    if (!off_scale_at_one_side(reference.y, panel.y))
      plots.references.push_back(
          fmt::format("{} using {}:2 with lines {}", data, x_column(panel.x), line_words(line.style)));
  }
  for (auto const& series : panel.series) plot_series(series, panel, frame, blocks, plots);
  figure.add_data(panel.part, blocks.text());
  std::vector<std::string> all;
  for (auto const* some : {&plots.bands, &plots.references, &plots.bars, &plots.lines})
    all.insert(all.end(), some->begin(), some->end());
  if (all.empty()) return text + "plot NaN\n";
  return text + fmt::format("plot {}\n", fmt::join(all, ", \\\n  "));
}

}  // namespace mambasynth::analysis::plot
