#include "dynamics/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "analysis/plot/palette.hpp"

namespace mambasynth::dynamics {
namespace {

using analysis::plot::Figure;

constexpr std::int64_t shown_samples = 8, keyed_circles = 20;

std::string color_number(std::string const& color) { return "0x" + color.substr(1); }

/// Names as shown to readers.
std::string shown(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

/// Colors of the conditions, and dashes for print without color.
std::string line_style(std::size_t condition) {
  constexpr std::array<std::int64_t, 3> colors{0, 6, 2};
  constexpr std::array<int, 3> dashes{1, 1, 2};
  return fmt::format("linewidth 2.2 dashtype {} linecolor rgb \"{}\"", dashes[condition % 3],
                     analysis::plot::category_color(colors[condition % 3], 10));
}

/// Start, end, height of the row, color, circle, color of the text.
std::string runs_of(Trajectory const& trajectory, double row, std::int64_t circles) {
  std::string runs;
  auto const& circle = trajectory.circle;
  for (std::size_t start = 0, t = 1; t <= circle.size(); ++t) {
    if (t < circle.size() && circle[t] == circle[start]) continue;
    auto const color =
        circle[start] < 0 ? std::string("#e4e4e4") : analysis::plot::category_color(circle[start], circles);
    runs += fmt::format("{} {} {:.3f} {} {} {}\n", start, t, row, color_number(color), circle[start],
                        color_number(analysis::plot::readable_on(color)));
    start = t;
  }
  return runs;
}

void draw_strips(Analysis const& a, std::filesystem::path const& folder) {
  auto const samples = std::min(a.samples, shown_samples);
  auto const conditions = static_cast<std::int64_t>(a.names.size()),
             circles = static_cast<std::int64_t>(a.law.occupancy.size());
  constexpr double between = 0.6;
  double const block = static_cast<double>(conditions) + between, rows = static_cast<double>(samples) * block - between;
  std::string runs = "# first end row color circle text_color\n", failures_at = "# step row\n", bursts = "# step row\n",
              ticks;
  bool fails = false, perturbs = false;
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t c = 0; c < conditions; ++c) {
      auto const of_condition = static_cast<std::size_t>(c), sample = static_cast<std::size_t>(i);
      double const row = static_cast<double>(i) * block + static_cast<double>(c);
      runs += runs_of(a.trajectories[of_condition][sample], row, circles);
      if (auto const first = a.statistics[of_condition].first_failure[sample]; std::isfinite(first)) {
        failures_at += fmt::format("{} {:.3f}\n", first, row);
        fails = true;
      }
      auto const& perturbed = a.perturbed[of_condition];
      for (std::size_t t = 0; t < perturbed.size(); ++t)
        if (perturbed[t] && (t == 0 || !perturbed[t - 1])) {
          bursts += fmt::format("{} {:.3f}\n", t, row + 0.46);
          perturbs = true;
        }
      ticks += fmt::format("{}\"{}{}\" {:.3f}", ticks.empty() ? "" : ", ", c == 0 ? fmt::format("sample {}: ", i) : "",
                           shown(a.names[of_condition]), row);
    }
  int const height = static_cast<int>(110 + 24 * rows);
  Figure figure("generation_dynamics", {1100, height});
  auto const strips = figure.add_data("circles", runs);
  auto const crosses = figure.add_data("failures", failures_at), marks = figure.add_data("bursts", bursts);
  auto commands = fmt::format(
      "set tics out nomirror\nset border 1\nset style fill solid border linecolor rgb \"#ffffff\"\nset lmargin at "
      "screen 0.2\nset rmargin at screen {0}\n"
      "set tmargin at screen {1:.4f}\nset bmargin at screen {2:.4f}\nset xrange [0:{3}]\nset yrange "
      "[{4:.3f}:-0.6]\nset ytics scale 0 ({5})\n"
      "set xlabel \"steps after the seed\"\nset title \"Decoded circle{6}{7}\"\n",
      circles <= keyed_circles ? 0.9 : 0.97, 1 - 40.0 / height, 60.0 / height, a.steps, rows - 0.4, ticks,
      fails ? ", cross: first failure" : "", perturbs ? ", triangle: burst" : "");
  commands +=
      circles <= keyed_circles ? "set key outside right top title \"circle\" samplen 1 opaque\n" : "unset key\n";
  commands += fmt::format(
      "plot \"{0}\" using (($1+$2)/2.0):3:1:2:($3-0.42):($3+0.42):4 with boxxyerror linecolor rgb variable notitle, "
      "\"{0}\" using (($1+$2)/2.0):3:(($2-$1)>{1} && $5>=0 ? sprintf(\"%d\",$5) : \"\"):6 with labels font \",11\" "
      "textcolor rgb variable notitle",
      strips, std::max<std::int64_t>(a.steps / 40, 1));
  if (perturbs)
    commands += fmt::format(
        ", \"{}\" using 1:2 with points pointtype 9 pointsize 0.55 linecolor rgb \"#000000\" notitle", marks);
  if (fails)
    commands += fmt::format(
        ", \"{0}\" using 1:2 with points pointtype 2 pointsize 1.3 linewidth 5 linecolor rgb \"#ffffff\" notitle, "
        "\"{0}\" using 1:2 with points pointtype 2 pointsize 1.2 linewidth 2.2 linecolor rgb \"#cc0000\" notitle",
        crosses);
  if (circles <= keyed_circles) {
    for (std::int64_t c = 0; c < circles; ++c)
      commands += fmt::format(", NaN with boxes fillcolor rgb \"{}\" title \"{}\"",
                              analysis::plot::category_color(c, circles), c);
    commands += ", NaN with boxes fillcolor rgb \"#e4e4e4\" title \"none\"";
  }
  figure.set_commands(commands + "\n");
  figure.draw(folder);
}

/// One column per condition after the first column.
template <class Cell>
std::string table(std::size_t rows, std::size_t columns, Cell const& cell) {
  std::string text;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c <= columns; ++c) text += fmt::format("{}{:.6g}", c == 0 ? "" : " ", cell(r, c));
    text += "\n";
  }
  return text;
}

void draw_statistics(Analysis const& a, std::filesystem::path const& folder) {
  auto const conditions = a.names.size(), bins = a.law.dwell.size();
  Figure figure("generation_statistics", {1300, 430});
  auto longest = static_cast<double>(a.law.bin_steps);  // up to the last bin with anything to show
  for (std::size_t b = 0; b < bins; ++b) {
    bool any = a.law.seen.dwell[b] > 1e-4;
    for (auto const& s : a.statistics) any = any || s.dwell[b] > 0;
    if (any) longest = static_cast<double>(static_cast<std::int64_t>(b + 1) * a.law.bin_steps);
  }
  // Cumulative, because histograms of a few visits each cannot be distinguished.
  std::vector<double> below(conditions + 1, 0.0);
  auto const dwell = figure.add_data(
      "dwell", "# steps, share of visits shorter than that by the process's law in such windows, of each condition\n" +
                   table(bins + 1, conditions + 1, [&](std::size_t b, std::size_t c) {
                     if (c == 0) return static_cast<double>(static_cast<std::int64_t>(b) * a.law.bin_steps);
                     auto& sum = below[c - 1];
                     if (b == 0) return sum;
                     if (c == 1) return sum += a.law.seen.dwell[b - 1];
                     auto const& s = a.statistics[c - 2];
                     return sum += s.dwells > 0 ? static_cast<double>(s.dwell[b - 1]) / static_cast<double>(s.dwells)
                                                : std::nan("");
                   }));
  auto const block = std::max<std::size_t>(1, static_cast<std::size_t>(a.steps) / 100),
             blocks = static_cast<std::size_t>(a.steps) / block;
  auto const distance =
      figure.add_data("distance", "# step, root mean square distance of each condition\n" +
                                      table(blocks, conditions, [&](std::size_t b, std::size_t c) {
                                        if (c == 0) return (static_cast<double>(b) + 0.5) * static_cast<double>(block);
                                        double squares = 0, n = 0;
                                        auto const& perturbed = a.perturbed[c - 1];
                                        for (auto const& trajectory : a.trajectories[c - 1])
                                          for (std::size_t t = b * block; t < (b + 1) * block; ++t) {
                                            if (!perturbed.empty() && perturbed[t]) continue;
                                            squares += static_cast<double>(trajectory.distance[t]) *
                                                       static_cast<double>(trajectory.distance[t]);
                                            n += 1;
                                          }
                                        return n > 0 ? std::sqrt(squares / n) : std::nan("");
                                      }));
  auto const lasting = figure.add_data(
      "lasting",
      "# step, share of samples without failure of each condition\n" +
          table(static_cast<std::size_t>(a.steps) / block + 1, conditions, [&](std::size_t b, std::size_t c) {
            auto const step = static_cast<double>(b * block);
            if (c == 0) return step;
            auto const& first = a.statistics[c - 1].first_failure;
            return static_cast<double>(
                       std::count_if(first.begin(), first.end(), [&](double f) { return !(f <= step); })) /
                   static_cast<double>(first.size());
          }));
  auto const lines = [&](std::string const& data, std::size_t first, char const* with, bool titled) {
    std::string plots;
    for (std::size_t c = 0; c < conditions; ++c)
      plots += fmt::format("{}\"{}\" using 1:{} with {} {} {}", c == 0 ? "" : ", ", data, first + c, with,
                           line_style(c), titled ? "title \"" + shown(a.names[c]) + "\"" : "notitle");
    return plots;
  };
  auto const sides = [](double left, double right) {
    return fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", left, right);
  };
  figure.set_commands(
      fmt::format(
          "set multiplot\nset tics out nomirror\nset border 3\nset grid ytics linetype 1 linecolor rgb \"#dddddd\"\n"
          "set tmargin at screen 0.9\nset bmargin at screen 0.15\nset yrange [0:1.02]\nset format y \"%g\"\n"
          "set key bottom right Left reverse samplen 2.5\n"
          "set title \"Complete visits\"\nset xlabel \"steps\"\nset ylabel \"share of visits shorter than that\"\nset "
          "xrange [0:{}]\n",
          longest) +
      sides(0.065, 0.33) +
      fmt::format(
          "plot \"{}\" using 1:2 with lines linewidth 6 linecolor rgb \"#bbbbbb\" title \"process, same windows\", ",
          dwell) +
      lines(dwell, 3, "lines", true) +
      fmt::format("\nunset key\nset yrange [0:*]\nset xrange [0:{}]\nset xlabel \"steps after the seed\"\nset title "
                  "\"Distance to the nearest circle\"\n"
                  "set ylabel \"r.m.s., noise of a channel = 1\"\n",
                  a.steps) +
      sides(0.395, 0.66) + "plot " + lines(distance, 2, "lines", false) +
      "\nset title \"Samples without failure\"\nset ylabel \"share\"\nset yrange [0:1.02]\n" + sides(0.725, 0.985) +
      "plot " + lines(lasting, 2, "steps", false) + "\nunset multiplot\n");
  figure.draw(folder);
}

}  // namespace

void draw_dynamics(Analysis const& analysis, std::filesystem::path const& folder) {
  draw_strips(analysis, folder);
  draw_statistics(analysis, folder);
}

}  // namespace mambasynth::dynamics
