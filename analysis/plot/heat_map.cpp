#include "analysis/plot/heat_map.hpp"

#include <fmt/format.h>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/palette.hpp"

namespace mambasynth::analysis::plot {

std::string heat_map(Figure& figure, HeatMap const& map, HeatMapPlace const& place) {
  std::string cells = "# other place value text_color\n", ticks;
  constexpr double dark_from = 0.6;
  constexpr std::size_t most_names = 20, longest_name = 20;
  auto const n = map.names.size(), stride = (n + most_names - 1) / most_names;
  for (std::size_t i = 0; i < n; ++i) {
    ticks +=
        fmt::format("{}\"{}\" {}", i == 0 ? "" : ", ", i % stride == 0 ? quotable(map.names[i], longest_name) : "", i);
    for (std::size_t j = 0; j < n; ++j) {
      auto const value = map.matrix[i * n + j];
      cells += fmt::format("{} {} {:.4f} {}\n", j, i, value, value > dark_from ? "0xffffff" : "0x000000");
    }
    cells += "\n";
  }
  auto const data = figure.add_data(map.part, cells);
  auto const last = static_cast<double>(n) - 0.5;
  constexpr std::size_t most_written = 12;
  auto text = fmt::format(
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\nset bmargin at screen {:.5f}\nset tmargin at screen "
      "{:.5f}\n",
      place.left, place.right, place.bottom, place.top);
  text += fmt::format(
      "set title \"{}\" noenhanced\nset xlabel \"{}\" noenhanced\nset ylabel \"{}\" offset 1 noenhanced\n{}set cbrange "
      "[0:1]\n"
      "set xrange [-0.5:{}]\nset yrange [{}:-0.5]\nset xtics ({}) rotate by -40 noenhanced\nset ytics ({}) "
      "noenhanced\n",
      quotable(map.title, 80), quotable(map.axis, 60), quotable(map.axis, 60), sequential_palette(), last, last, ticks,
      ticks);
  text += place.bar ? fmt::format("set colorbox user origin screen {:.5f},{:.5f} size screen 0.012,{:.5f}\n",
                                  place.right + 0.015, place.bottom + 0.02, place.top - place.bottom - 0.04)
                    : std::string("unset colorbox\n");
  text += fmt::format("plot \"{}\" using 1:2:3 with image", data);
  if (n <= most_written)
    text += fmt::format(
        ", \"{}\" using 1:2:(valid(3) ? sprintf(\"%.2f\", $3) : \"\"):4 with labels textcolor rgb variable font \",9\"",
        data);
  return text + "\n";
}

}  // namespace mambasynth::analysis::plot
