#include "analysis/plot/curves.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/ticks.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr std::size_t curves_a_page = 8;
// Pixels.
constexpr int width = 480, left = 74, right = 26, above = 28, below = 52;

constexpr int ring = 6;  // gnuplot's pointtype

/// Hue and shape: adjacent entries also differ in lightness, and the faintest hues come last.
LineStyle style_of(std::size_t curve, bool points) {
  constexpr std::array<std::int64_t, curves_a_page> hues{0, 6, 3, 1, 7, 4, 2, 5};
  constexpr std::array<int, curves_a_page> shapes{7, 5, 9, 11, 13, 6, 4, 8};
  return {.color = category_color(hues[curve % curves_a_page], 10),
          .point = points ? shapes[curve % curves_a_page] : 0};
}

LineStyle reference_style(std::size_t reference) {
  constexpr std::array<char const*, 4> grays{"#333333", "#888888", "#333333", "#888888"};
  return {
      .color = grays[reference % grays.size()], .dash = 2 + static_cast<int>(reference % grays.size()), .width = 1.3};
}

struct Range {
  double low, high;
};

/// The range of all means and single values, extended by intervals by at most half of it at each end, but at least so
/// that three quarters of the intervals fit: an interval over two values is often ten times as wide as the others.
Range range_of(Panel const& panel) {
  auto const scaled = [&](double value) {
    return panel.log_y ? (value > 0 ? std::log10(value) : std::nan("")) : value;
  };
  double low = INFINITY, high = -INFINITY;
  std::vector<double> lows, highs;
  auto const note = [&](Curve const& curve, std::vector<double> const& end, std::vector<double>& ends) {
    for (std::size_t i = 0; i < end.size(); ++i)
      if (std::isfinite(scaled(end[i])) && std::isfinite(curve.mean[i])) ends.push_back(scaled(end[i]));
  };
  for (auto const* curves : {&panel.curves, &panel.references})
    for (auto const& curve : *curves) {
      for (double const mean : curve.mean)
        if (double const at = scaled(mean); std::isfinite(at)) low = std::min(low, at), high = std::max(high, at);
      for (auto const& values : curve.singles)
        for (double const value : values)
          if (double const at = scaled(value); std::isfinite(at)) low = std::min(low, at), high = std::max(high, at);
      note(curve, curve.low, lows), note(curve, curve.high, highs);
    }
  if (low > high) return panel.log_y ? Range{1, 10} : Range{0, 1};
  std::sort(lows.begin(), lows.end());
  std::sort(highs.rbegin(), highs.rend());
  double const most_added = 0.5 * (high - low);
  if (!lows.empty()) low = std::min(low, std::max(lows.front(), std::min(lows[lows.size() / 4], low - most_added)));
  if (!highs.empty())
    high = std::max(high, std::min(highs.front(), std::max(highs[highs.size() / 4], high + most_added)));
  // A range too small for the digits of the data files counts as a constant.
  bool const level = high - low <= 1e-6 * std::max(std::abs(low), std::abs(high));
  double const room = level ? std::max(std::abs(high) * 0.1, 1e-9) : 0.06 * (high - low);
  bool const all_positive = !panel.log_y && low >= 0;
  low -= room, high += room;
  if (all_positive) low = std::max(low, 0.0);
  return panel.log_y ? Range{std::pow(10.0, low), std::pow(10.0, high)} : Range{low, high};
}

bool empty(Curve const& curve) {
  return std::none_of(curve.mean.begin(), curve.mean.end(), [](double value) { return std::isfinite(value); });
}

std::string block(std::vector<double> const& x, Curve const& curve) {
  auto text = fmt::format("# {}: x mean low high\n", quotable(curve.name, 200));
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::isfinite(curve.mean[i]))
      text += fmt::format("{:.8g} {:.8g} {:.8g} {:.8g}\n", x[i], curve.mean[i],
                          curve.low.empty() ? std::nan("") : curve.low[i],
                          curve.high.empty() ? std::nan("") : curve.high[i]);
  return text + "\n\n";
}

std::string singles_block(std::vector<double> const& x, Curve const& curve) {
  auto text = fmt::format("# {}, single values: x value\n", quotable(curve.name, 200));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (double const value : curve.singles[i])
      if (std::isfinite(value)) text += fmt::format("{:.8g} {:.8g}\n", x[i], value);
  return text + "\n\n";
}

/// Curves first .. first + count - 1, on a page of their own.
class Page {
 public:
  Page(Curves const& figure, std::size_t first, std::size_t count, std::string name, std::string legend_title)
      : figure_(figure),
        first_(first),
        count_(count),
        drawn_(std::move(name), {width, 0}),
        legend_title_(std::move(legend_title)) {
    for (auto const& panel : figure.panels)
      for (auto const& reference : panel.references)
        if (!empty(reference) && std::find(references_.begin(), references_.end(), reference.name) == references_.end())
          references_.push_back(reference.name);
  }

  void draw(std::filesystem::path const& folder) {
    Legend const legend(legend_title_, entries(), width, figure_.note);
    int const panels = static_cast<int>(figure_.panels.size()), panel_height = panels == 1 ? 220 : 150;
    int const height = panels * (above + panel_height) + below + legend.height();
    drawn_.set_size({width, height});
    auto commands = fmt::format(
        "set multiplot\nunset key\nset tics out nomirror\nset format y \"%g\"\nset border 3\nset grid ytics linetype 1 "
        "linecolor rgb "
        "\"#dddddd\"\n"
        "set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\n{}set format x \"\"\n",
        static_cast<double>(left) / width, 1 - static_cast<double>(right) / width, x_axis());
    for (int i = 0; i < panels; ++i) {
      int const top = i * (above + panel_height) + above;
      auto const& panel_drawn = figure_.panels[static_cast<std::size_t>(i)];
      commands += fmt::format("unset label\nset label \"{}\" at screen {:.4f},{:.5f} center rotate noenhanced\n",
                              quotable(panel_drawn.ylabel), 12.0 / width, 1 - (top + panel_height / 2.0) / height);
      commands +=
          fmt::format("set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\n",
                      1 - static_cast<double>(top) / height, 1 - static_cast<double>(top + panel_height) / height);
      if (i + 1 == panels)
        commands += fmt::format("set format x\n{}set xlabel \"{}\" noenhanced\n", ticks(), quotable(figure_.xlabel)) +
                    legend.commands(height);
      commands += panel(panel_drawn);
    }
    drawn_.set_commands(commands + "unset multiplot\n");
    drawn_.draw(folder);
  }

 private:
  [[nodiscard]] bool bars() const { return figure_.x.size() <= most_bars; }
  [[nodiscard]] bool single() const { return figure_.x.size() == 1; }

  [[nodiscard]] std::vector<LegendEntry> entries() const {
    std::vector<LegendEntry> all;
    for (std::size_t i = 0; i < count_; ++i)
      all.push_back({figure_.panels.front().curves[first_ + i].name, style_of(i, bars())});
    for (std::size_t i = 0; i < references_.size(); ++i) all.push_back({references_[i], reference_style(i)});
    bool const singles = std::any_of(figure_.panels.begin(), figure_.panels.end(), [](auto const& panel) {
      return std::any_of(panel.curves.begin(), panel.curves.end(),
                         [](auto const& curve) { return !curve.singles.empty(); });
    });
    if (singles && bars()) all.push_back({"single trial", {.color = "#333333", .point = ring, .width = 0}});
    return all;
  }

  [[nodiscard]] std::string x_axis() const {
    auto const [low, high] = std::minmax_element(figure_.x.begin(), figure_.x.end());
    if (figure_.log2_x)
      return fmt::format("set logscale x 2\nset xrange [{:.6g}:{:.6g}]\n{}", *low / (single() ? 2 : 1.4),
                         *high * (single() ? 2 : 1.4), bare_ticks());
    double const room = single() ? 1 : bars() ? 0.1 + 0.5 * dodge() * static_cast<double>(count_) : 0.0;
    return fmt::format("set xrange [{:.6g}:{:.6g}]\n{}", *low - room, *high + room, bare_ticks());
  }
  [[nodiscard]] std::string ticks() const { return figure_.ticks.empty() ? "" : ticks_of(figure_.ticks); }
  [[nodiscard]] std::string bare_ticks() const {
    return figure_.ticks.empty() ? "" : ticks_of(std::vector<std::string>(figure_.x.size()));
  }
  [[nodiscard]] std::string ticks_of(std::vector<std::string> const& names) const {
    constexpr std::size_t most = 12;
    auto const stride = (names.size() + most - 1) / most;
    std::vector<std::string> all;
    for (std::size_t i = 0; i < names.size(); ++i)
      all.push_back(fmt::format("\"{}\" {:.6g}", i % stride == 0 ? quotable(names[i], 12) : "", figure_.x[i]));
    return fmt::format("set xtics ({})\n", fmt::join(all, ", "));
  }

  std::string panel(Panel const& panel) {
    auto const range = range_of(panel);
    std::string rows;
    int blocks = 0;
    std::vector<std::string> plots;
    auto const name = drawn_.data_name(panel.part);
    for (auto const& reference : panel.references) {
      if (empty(reference)) continue;
      auto const number = static_cast<std::size_t>(std::find(references_.begin(), references_.end(), reference.name) -
                                                   references_.begin());
      rows += block(figure_.x, reference);
      auto const what = single() ? fmt::format("{:.8g}", reference.mean.front())
                                 : fmt::format("\"{}\" index {} using 1:2", name, blocks);
      plots.push_back(fmt::format("{} with lines {}", what, line_words(reference_style(number))));
      ++blocks;
    }
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count_; ++i) {
      auto const& curve = panel.curves[first_ + i];
      if (empty(curve)) continue;
      rows += block(figure_.x, curve);
      auto const style = style_of(i, bars());
      auto const data = fmt::format("\"{}\" index {}", name, blocks++);
      if (bars()) {
        lines.push_back(with_bars(data, i, style));
        if (curve.singles.empty()) continue;
        rows += singles_block(figure_.x, curve);
        lines.push_back(fmt::format(
            "\"{}\" index {} using {}:2 with points pointtype {} pointsize 0.5 linewidth 1 linecolor rgb \"{}\"", name,
            blocks++, shifted(place(i) + 0.35 * dodge()), ring, style.color));
        continue;
      }
      if (!curve.low.empty())
        plots.push_back(fmt::format(
            "{} using 1:3:4 with filledcurves fillcolor rgb \"{}\" fillstyle transparent solid 0.15 noborder", data,
            style.color));
      lines.push_back(fmt::format("{} using 1:2 with lines {}", data, line_words(style)));
    }
    plots.insert(plots.end(), lines.begin(), lines.end());
    drawn_.add_data(panel.part, rows);
    auto text = fmt::format("set title \"{}\" offset 0,-0.6 noenhanced\n", quotable(panel.title, 66));
    text += panel.log_y ? fmt::format("set logscale y\nset ytics {}\n", log_ticks(range.low, range.high))
                        : fmt::format("unset logscale y\nset ytics {:.6g}\n",
                                      tick_step((range.high - range.low) / 1.6));  // three to six of them
    text += fmt::format("set yrange [{:.8g}:{:.8g}]\n", range.low, range.high);
    if (plots.empty()) return text + "plot NaN\n";
    return text + fmt::format("plot {}\n", fmt::join(plots, ", \\\n  "));
  }

  /// The offset between two curves at the same x, as a share of the smallest distance between two x.
  [[nodiscard]] double dodge() const {
    return (single() ? 1.2 : 0.5) / static_cast<double>(std::max<std::size_t>(count_, single() ? 1 : 4));
  }
  /// Of curve i beside the others of the same x.
  [[nodiscard]] double place(std::size_t i) const {
    return dodge() * (static_cast<double>(i) - 0.5 * static_cast<double>(count_ - 1));
  }
  [[nodiscard]] std::string shifted(double by) const {
    return figure_.log2_x ? fmt::format("($1*{:.4f})", std::exp2(by)) : fmt::format("($1+{:.4f})", by);
  }
  /// Offset from the others at the same x, so that no bar hides another.
  [[nodiscard]] std::string with_bars(std::string const& data, std::size_t i, LineStyle const& style) const {
    return fmt::format(
        "{0} using {1}:3:(0):($4-$3) with vectors nohead linecolor rgb \"{4}\" linewidth 1, "
        "{0} using {1}:2 with linespoints {2} pointtype {3} pointsize 0.6",
        data, shifted(place(i)), line_words(style), style.point, style.color);
  }

  Curves const& figure_;
  std::size_t first_, count_;
  Figure drawn_;
  std::string legend_title_;
  std::vector<std::string> references_;
};

}  // namespace

void draw_curves(Curves const& figure, std::filesystem::path const& folder) {
  if (figure.panels.empty() || figure.x.empty()) return;
  auto const all = figure.panels.front().curves.size();
  auto const pages = std::max<std::size_t>(1, (all + curves_a_page - 1) / curves_a_page);
  for (std::size_t page = 0; page < pages; ++page) {
    auto const first = page * all / pages, end = (page + 1) * all / pages;
    bool const alone = pages == 1;
    Page(figure, first, end - first, alone ? figure.name : fmt::format("{}_{}", figure.name, page + 1),
         alone ? figure.legend_title : fmt::format("{} (page {} of {})", figure.legend_title, page + 1, pages))
        .draw(folder);
  }
}

}  // namespace mambasynth::analysis::plot
