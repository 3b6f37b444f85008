#include "analysis/plot/window_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/plot/ticks.hpp"

namespace mambasynth::analysis::plot {

std::string heat_rows(std::span<float const> values, std::int64_t channels) {
  std::string rows;
  auto const steps = static_cast<std::int64_t>(values.size()) / channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t t = 0; t < steps; ++t)
      rows += fmt::format("{:.4g} ", static_cast<double>(values[static_cast<std::size_t>(t * channels + c)]));
    rows += "\n";
  }
  return rows;
}

double largest_magnitude(std::span<float const> values) {
  double largest = 0;
  for (float const value : values)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

std::string symmetric_range(double largest, double scale) {
  constexpr double least_share = 1e-6;
  auto const range = std::max(largest, least_share * scale);
  return fmt::format("[-{0:.6g}:{0:.6g}]", range > 0 ? range : 1.0);
}

std::string circle_runs(std::span<std::int64_t const> circle, std::int64_t circles, std::int64_t first,
                        std::int64_t steps) {
  auto const number = [](std::string const& color) {
    return "0x" + color.substr(1);
  };  // as a data file's color column holds it
  std::string runs = "# first end color circle text_color\n";
  auto const known = static_cast<std::int64_t>(circle.size());
  for (std::int64_t start = 0, i = 1; i <= known; ++i) {
    auto const of_run = circle[static_cast<std::size_t>(start)];
    if (i < known && circle[static_cast<std::size_t>(i)] == of_run) continue;
    auto const color = category_color(of_run, circles);
    runs +=
        fmt::format("{} {} {} {} {}\n", first + start, first + i, number(color), of_run, number(readable_on(color)));
    start = i;
  }
  if (known < steps) runs += fmt::format("{} {} {} -1 0x000000\n", first + known, first + steps, number(no_category));
  return runs;
}

std::vector<LegendEntry> circle_entries(std::vector<std::int64_t> const& shown, std::int64_t circles) {
  constexpr std::size_t most = 24;
  std::set<std::int64_t> all(shown.begin(), shown.end());
  bool const unknown = all.erase(-1) > 0;
  std::vector<LegendEntry> entries;
  if (all.size() <= most)
    for (auto const circle : all)
      entries.push_back({fmt::format("{}", circle), block_style(category_color(circle, circles))});
  if (unknown) entries.push_back({"not known", block_style(no_category)});
  return entries;
}

LineStyle block_style(std::string color) {
  constexpr double points = 7;
  return {.color = std::move(color), .width = points};
}

namespace {

// Millimeters.
constexpr double window_edge = 1, frame_left = 17, frame_right = 22, title_height = text_height + 1, between_panels = 1,
                 strip_height = 5, axis_height = 10.2;

/// Ticks alone: the lowest panel has their labels.
std::string unlabeled(std::vector<double> const& ticks) {
  std::string text;
  for (double const tick : ticks) text += fmt::format("{}\"\" {:.10g}", text.empty() ? "" : ", ", tick);
  return "(" + text + ")";
}

/// Of a color bar so high, over "[low:high]": none touches another.
std::string bar_ticks(std::string const& range, double height) {
  double low = 0, high = 0;
  if (std::sscanf(range.c_str(), "[%lf:%lf]", &low, &high) != 2 || !(high > low)) return "auto";
  auto ticks = even_ticks(low, high);
  auto const most = std::max<std::size_t>(2, static_cast<std::size_t>(height / (1.2 * small_height)));
  auto const stride = (ticks.size() + most - 1) / most;
  std::vector<double> fewer;
  // Through the middle, which is 0 on a scale that is symmetric.
  for (std::size_t i = ticks.size() / 2 % stride; i < ticks.size(); i += stride) fewer.push_back(ticks[i]);
  return tick_words(fewer);
}

LineStyle const border_style{.dash = 2, .width = thick}, event_style{.color = ink, .point = 11, .width = 0};
/// Steps, and their labels for gnuplot: the steps themselves or, with a sampling rate, round numbers of seconds.
struct TimeTicks {
  std::vector<double> steps;
  std::string labeled;
};
TimeTicks time_ticks(std::int64_t first, std::int64_t last, double rate) {
  double const unit = rate > 0 ? rate : 1;
  auto steps = even_ticks(static_cast<double>(first) / unit, static_cast<double>(last) / unit);
  if (rate == 0) return {steps, tick_words(steps)};
  auto const labels = tick_labels(steps, false);
  std::string labeled;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i] *= unit;
    labeled += fmt::format("{}\"{}\" {:.10g}", i == 0 ? "" : ", ", labels[i], steps[i]);
  }
  return {std::move(steps), "(" + labeled + ")"};
}

double height_above(bool events) { return title_height + (events ? 2.5 : 0); }

}  // namespace

void WindowPage::strip(std::string const& title, std::string const& runs) {
  rooms_.push_back(
      {.title = title,
       .ylabel = "",
       .commands = fmt::format(
           "unset ytics\nset style fill solid noborder\nset yrange [0:1]\n"
           "plot \"{0}\" using (($1+$2)/2.0):(0.5):1:2:(0):(1):3 with boxxyerror linecolor rgb variable, "
           "\"{0}\" using (($1+$2)/2.0):(0.5):($4 >= 0 && $2-$1 > {1:.1f} ? sprintf(\"%d\",$4) : \"\"):5 with "
           "labels font small textcolor rgb variable\n",
           runs, static_cast<double>(last_ - first_) / 40),
       .height = strip_height,
       .quantity = "",
       .key = {},
       .border = border_,
       .events = events_});
}

void WindowPage::heat(Heat const& heat) {
  auto const last = static_cast<double>(heat.count) - 0.5;
  std::vector<double> ticks;
  for (double const tick : even_ticks(0, last))
    if (tick == std::floor(tick)) ticks.push_back(tick);
  rooms_.push_back({.title = heat.title,
                    .ylabel = heat.ylabel,
                    .commands = fmt::format("{}set cbrange {}\nset cbtics {} font small\nset ytics nomirror {}\nset "
                                            "yrange [{}:-0.5]\nplot \"{}\" matrix using "
                                            "($1+{}+0.5):2:3 with image\n",
                                            heat.palette, heat.range, bar_ticks(heat.range, heat.height),
                                            tick_words(ticks), last, heat.rows, first_ + heat.from),
                    .height = heat.height,
                    .quantity = heat.quantity,
                    .key = {},
                    .border = border_,
                    .events = events_});
}

void WindowPage::lines(Lines const& lines) {
  double const top = lines.largest > 0 ? 1.05 * lines.largest : 1;
  rooms_.push_back({.title = lines.title,
                    .ylabel = lines.ylabel,
                    .commands = fmt::format("set yrange [0:{:.6g}]\nset ytics nomirror {}\nplot {}\n", top,
                                            tick_words(even_ticks(0, top)), lines.plots),
                    .height = lines.height,
                    .quantity = "",
                    .key = lines.key,
                    .border = border_,
                    .events = events_});
}

std::string WindowPage::commands_of(Room const& room, Paper const& paper, double top, bool lowest,
                                    std::string const& more) const {
  Frame const frame{
      .left = frame_left, .top = top, .width = paper.size().width - frame_left - frame_right, .height = room.height};
  auto const at = [&](std::int64_t step) {
    return frame.left + frame.width * static_cast<double>(step - first_) / static_cast<double>(last_ - first_);
  };
  auto const ticks = time_ticks(first_, last_, sampling_rate_);
  auto text = "unset label\nunset arrow\nunset xlabel\nunset ylabel\n" + paper.margins(frame);
  text += fmt::format("set xrange [{}:{}]\nset xtics nomirror {}\n", first_, last_,
                      lowest ? ticks.labeled : unlabeled(ticks.steps));
  text += paper.text(shortened(room.title, frame.width, text_points), frame.left,
                     frame.top - text_height / 2 - (room.events.empty() ? 0.4 : 2.9));
  if (!room.ylabel.empty())
    text += paper.upright_text(room.ylabel, text_height / 2 + 0.5, frame.top + frame.height / 2);
  if (lowest)
    text += paper.text(sampling_rate_ > 0 ? "Time (s)" : "Time step", frame.left + frame.width / 2,
                       frame.bottom() + axis_height - text_height / 2 - 0.5, Align::center);
  if (room.border)
    text +=
        paper.line(at(*room.border), frame.top, at(*room.border), frame.bottom(), "front " + line_words(border_style));
  for (auto const step : room.events) text += paper.mark(at(step), frame.top - 1.2, mark_words(event_style));
  if (room.quantity.empty()) {
    text += "unset colorbox\n";
  } else {
    text += paper.color_bar({.left = frame.right() + 2, .top = frame.top, .width = 2.5, .height = frame.height}) +
            paper.small_text(room.quantity, frame.right() + 2, frame.top - small_height + 0.2);
  }
  double y = frame.top + text_height / 2;
  for (auto const& entry : room.key) {
    text += paper.line(frame.right() + 1.5, y, frame.right() + 5.5, y, line_words(entry.style)) +
            paper.small_text(shortened(entry.name, frame_right - 7.5, small_points), frame.right() + 6.5, y);
    y += text_height;
  }
  return text + more + room.commands;
}

void WindowPage::circles(std::span<std::int64_t const> circle, std::int64_t circles, Labels labels) {
  labels_ = labels;
  std::vector<std::int64_t> shown(circle.begin(), circle.end());
  if (static_cast<std::int64_t>(shown.size()) < last_ - first_) shown.push_back(-1);
  entries_ = circle_entries(shown, circles);
}

void WindowPage::draw(Figure& figure, std::vector<std::string> const& notes, std::filesystem::path const& folder) {
  double end = window_edge;
  for (auto const& room : rooms_) end += height_above(!room.events.empty()) + room.height + between_panels;
  end += axis_height;
  auto entries = entries_;
  if (border_) entries.push_back({border_words_, border_style});
  if (std::any_of(rooms_.begin(), rooms_.end(), [](auto const& room) { return !room.events.empty(); }))
    entries.push_back({events_words_, event_style});
  Legend const legend(entries_.empty() ? "" : title_of(labels_), entries, notes, two_columns);
  Size const size{two_columns, end + legend.height()};
  Paper const paper(size);
  auto commands = fmt::format(
      "set multiplot\nunset key\nset tics out nomirror scale 0.5\nset border 15 linecolor rgb \"{}\" linewidth "
      "{:.3g}\n",
      frame_gray, line_width(thin));
  double top = window_edge;
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    top += height_above(!rooms_[i].events.empty());
    bool const lowest = i + 1 == rooms_.size();
    commands += commands_of(rooms_[i], paper, top, lowest, lowest ? legend.commands(paper, end) : "");
    top += rooms_[i].height + between_panels;
  }
  figure.set_size(size);
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace mambasynth::analysis::plot
