#include "analysis/plot/paper.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "analysis/plot/axis.hpp"
#include "analysis/plot/text.hpp"

namespace mambasynth::analysis::plot {
namespace {

char const* word(Align align) { return align == Align::left ? "left" : align == Align::center ? "center" : "right"; }

}  // namespace

std::string Paper::at(double x, double y) const {
  return fmt::format("screen {:.5f},{:.5f}", x / size_.width, 1 - y / size_.height);
}

std::string Paper::margins(Frame const& frame) const {
  return fmt::format(
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\nset tmargin at screen {:.5f}\nset bmargin at screen "
      "{:.5f}\n",
      frame.left / size_.width, frame.right() / size_.width, 1 - frame.top / size_.height,
      1 - frame.bottom() / size_.height);
}

std::string Paper::text(std::string const& words, double x, double y, Align align, std::string const& more) const {
  return fmt::format("set label \"{}\" at {} {} noenhanced {}\n", quotable(words), at(x, y), word(align), more);
}

std::string Paper::small_text(std::string const& words, double x, double y, Align align,
                              std::string const& more) const {
  return text(words, x, y, align, "font small " + more);
}

std::string Paper::upright_text(std::string const& words, double x, double y) const {
  return text(words, x, y, Align::center, "rotate");
}

std::string Paper::line(double x, double y, double to_x, double to_y, std::string const& style) const {
  return fmt::format("set arrow from {} to {} nohead {}\n", at(x, y), at(to_x, to_y), style);
}

std::string Paper::mark(double x, double y, std::string const& style) const {
  return fmt::format("set label \"\" at {} point {}\n", at(x, y), style);
}

std::string Paper::color_bar(Frame const& bar) const {
  return fmt::format("set colorbox user origin {} size screen {:.5f},{:.5f}\n", at(bar.left, bar.bottom()),
                     bar.width / size_.width, bar.height / size_.height);
}

std::string tick_commands(char const* axis, Axis const& ticks, bool labeled) {
  std::vector<std::string> all;
  for (auto const& tick : ticks.ticks) {
    double const place = ticks.log && ticks.zero && tick.at == 0 ? *ticks.zero : tick.at;
    std::string label;
    if (labeled)
      for (auto const& line : lines_of(tick.label)) label += (label.empty() ? "" : "\\n") + quotable(line);
    all.push_back(fmt::format("\"{}\" {:.10g}", label, place));
  }
  return fmt::format("set {}tics ({}) noenhanced\n", axis, fmt::join(all, ", "));
}

}  // namespace mambasynth::analysis::plot
