#include "analysis/plot/window_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/palette.hpp"
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

std::string symmetric_range(double largest, double floor) {
  return fmt::format("[-{0:.6g}:{0:.6g}]", std::max(largest, floor));
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
  if (known < steps) runs += fmt::format("{} {} 0xbbbbbb -1 0x000000\n", first + known, first + steps);
  return runs;
}

WindowPage::WindowPage(std::int64_t first, std::int64_t last, int height, PageWidths const& widths)
    : first_(first), last_(last), widths_(widths), height_(height) {
  text_ = fmt::format(
      "set multiplot\nset tics out nomirror\nset xrange [{}:{}]\nset lmargin at screen {}\nset rmargin at screen {}\n"
      "unset key\nset format x \"\"\n",
      first, last, widths.left, widths.right);
}

void WindowPage::room(std::string const& title, int pixels, bool lowest) {
  top_ = next_ + between;
  next_ = top_ + pixels;
  text_ += fmt::format(
      "set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\nset title \"{}\" offset 0,-0.7 noenhanced\n",
      at(top_), at(next_), title);
  if (lowest) text_ += "set format x\nset xlabel \"time step\"\n";
}

void WindowPage::strip(std::string const& title, std::string const& runs) {
  room(title, strip_height, false);
  text_ += fmt::format(
      "unset ytics\nset ylabel\nset style fill solid noborder\nset yrange [0:1]\n"
      "plot \"{0}\" using (($1+$2)/2.0):(0.5):1:2:(0):(1):3 with boxxyerror linecolor rgb variable, "
      "\"{0}\" using (($1+$2)/2.0):(0.5):($4 >= 0 && $2-$1 > {1:.1f} ? sprintf(\"%d\",$4) : \"\"):5 with labels "
      "textcolor rgb variable\nset ytics auto\n",
      runs, static_cast<double>(last_ - first_) / 30);
}

void WindowPage::heat(std::string const& title, std::string const& ylabel, std::string const& rows, std::int64_t count,
                      std::string const& palette, std::string const& range, int pixels, bool lowest) {
  room(title, pixels, lowest);
  text_ += fmt::format(
      "{}set cbrange {}\nset colorbox user origin screen {},{:.5f} size screen {},{:.5f}\nset ylabel \"{}\"\n"
      "set yrange [{}:-0.5]\nplot \"{}\" matrix using ($1+{}+0.5):2:3 with image\n",
      palette, range, widths_.scale_at, at(next_), widths_.scale_width, at(top_) - at(next_), ylabel,
      static_cast<double>(count) - 0.5, rows, first_);
}

void WindowPage::lines(std::string const& title, std::string const& ylabel, std::string const& plots, double largest,
                       int pixels, bool lowest) {
  room(title, pixels, lowest);
  text_ += fmt::format(
      "set ylabel \"{}\"\nset yrange [0:*]\nset ytics {:.6g}\nset key inside bottom right horizontal samplen 1.5\nplot "
      "{}\nunset key\n",
      ylabel, tick_step(largest), plots);
}

}  // namespace mambasynth::analysis::plot
