#include "dynamics/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "analysis/plot/page.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/paper.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::dynamics {
namespace {

namespace plot = analysis::plot;
using analysis::plot::Figure;

constexpr std::int64_t shown_samples = 8;
plot::LineStyle const burst_style{.color = plot::ink, .point = 11, .width = 0},
    failure_style{.color = "#d55e00", .point = 2, .width = 0};

std::string color_number(std::string const& color) { return "0x" + color.substr(1); }

/// Names as shown to readers.
std::string shown(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

/// Colors that no circle has, and dashes for print without color.
plot::LineStyle condition_style(std::size_t condition) {
  constexpr std::array<int, 3> dashes{1, 1, 2};
  return {.color = plot::series_color(condition), .dash = dashes[condition % dashes.size()], .width = plot::thick};
}

/// Start, end, height of the row, color, circle, color of the text.
std::string runs_of(Trajectory const& trajectory, double row, std::int64_t circles) {
  std::string runs;
  auto const& circle = trajectory.circle;
  for (std::size_t start = 0, t = 1; t <= circle.size(); ++t) {
    if (t < circle.size() && circle[t] == circle[start]) continue;
    auto const color =
        circle[start] < 0 ? std::string(plot::no_category) : analysis::plot::category_color(circle[start], circles);
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
          bursts += fmt::format("{} {:.3f}\n", t, row - 0.32);
          perturbs = true;
        }
      ticks += fmt::format("{}\"{}{}\" {:.3f}", ticks.empty() ? "" : ", ", c == 0 ? fmt::format("sample {}: ", i) : "",
                           shown(a.names[of_condition]), row);
    }
  // Millimeters.
  constexpr double edge = 1, left = 38, right = 6, row_height = 4.2, title = 6, axis = 10.2;
  std::vector<std::int64_t> all(static_cast<std::size_t>(circles));
  std::iota(all.begin(), all.end(), 0);
  auto entries = plot::circle_entries(all, circles);
  entries.push_back({"no circle", plot::block_style(plot::no_category)});
  if (perturbs) entries.push_back({"start of a burst", burst_style});
  if (fails) entries.push_back({"first failure", failure_style});
  plot::Legend const legend(
      "Circle", entries,
      {fmt::format("Decoded circle of {} of {} samples. A sample fails where it leaves the "
                   "circles, its phase stalls, or a visit outlasts the longest dwell. No intervals.",
                   samples, a.samples)},
      plot::two_columns);
  double const height = row_height * rows, end = edge + title + height + axis;
  plot::Size const size{plot::two_columns, end + legend.height()};
  plot::Paper const paper(size);
  plot::Frame const frame{.left = left, .top = edge + title, .width = size.width - left - right, .height = height};
  Figure figure("generation_dynamics", size);
  auto const strips = figure.add_data("circles", runs);
  auto const crosses = figure.add_data("failures", failures_at), marks = figure.add_data("bursts", bursts);
  auto const steps = plot::number_axis("", 0, static_cast<double>(a.steps));
  auto commands = fmt::format(
      "unset key\nset tics out nomirror scale 0.5\nset border 1 linecolor rgb \"{0}\" linewidth {1:.3g}\nset style "
      "fill solid "
      "border linecolor rgb \"#ffffff\"\n{2}set xrange [0:{3}]\nset yrange [{4:.3f}:-0.6]\nset ytics scale 0 ({5})\n",
      plot::frame_gray, plot::line_width(plot::thin), paper.margins(frame), a.steps, rows - 0.4, ticks);
  commands +=
      plot::tick_commands("x", steps, true) + paper.text("Decoded circle", frame.left, edge + title / 2) +
      paper.text("Steps after the seed", frame.left + frame.width / 2, frame.bottom() + axis - 2, plot::Align::center) +
      legend.commands(paper, end);
  commands += fmt::format(
      "plot \"{0}\" using (($1+$2)/2.0):3:1:2:($3-0.42):($3+0.42):4 with boxxyerror linecolor rgb variable, "
      "\"{0}\" using (($1+$2)/2.0):3:(($2-$1)>{1} && $5>=0 ? sprintf(\"%d\",$5) : \"\"):6 with labels font small "
      "textcolor "
      "rgb variable",
      strips, std::max<std::int64_t>(a.steps / 40, 1));
  if (perturbs)  // white around it, so that it can be seen on dark circles
    commands += fmt::format(
        ", \"{0}\" using 1:2 with points pointtype 11 pointsize 0.75 linecolor rgb \"#ffffff\", \"{0}\" using 1:2 "
        "with points {1}",
        marks, plot::mark_words(burst_style));
  if (fails)
    commands += fmt::format(
        ", \"{0}\" using 1:2 with points pointtype 2 pointsize 0.7 linewidth 4 linecolor rgb \"#ffffff\", "
        "\"{0}\" using 1:2 with points pointtype 2 pointsize 0.6 linewidth 1.8 linecolor rgb \"{1}\"",
        crosses, failure_style.color);
  figure.set_commands(commands + "\n");
  figure.draw(folder);
}

plot::Series line_of(Analysis const& a, std::size_t condition) {
  return {.name = shown(a.names[condition]), .style = condition_style(condition), .x = {}, .y = {}};
}

/// Cumulative, because histograms of a few visits each cannot be told apart.
plot::Panel dwell_panel(Analysis const& a) {
  auto const bins = a.law.dwell.size();
  auto const step = static_cast<double>(a.law.bin_steps);
  auto longest = step;  // up to where there is anything to see
  for (std::size_t b = 0; b < bins; ++b) {
    bool any = a.law.seen.dwell[b] > 1e-4;
    for (auto const& s : a.statistics) any = any || s.dwell[b] > 0;
    if (any) longest = static_cast<double>(b + 1) * step;
  }
  plot::Panel panel{.part = "dwell",
                    .title = "Complete visits",
                    .x = plot::number_axis("Steps", 0, longest),
                    .y = plot::number_axis("Share of shorter visits", 0, 1.03)};
  plot::Series law{.name = "process, same windows", .style = {.color = "#b0b0b0", .width = 3}, .x = {}, .y = {}};
  double sum = 0;
  for (std::size_t b = 0; b <= bins; ++b) {
    if (b > 0) sum += a.law.seen.dwell[b - 1];
    law.x.push_back(static_cast<double>(b) * step), law.y.push_back(sum);
  }
  panel.series.push_back(std::move(law));
  for (std::size_t c = 0; c < a.names.size(); ++c) {
    auto series = line_of(a, c);
    auto const& s = a.statistics[c];
    double share = 0;
    for (std::size_t b = 0; b <= bins; ++b) {
      if (b > 0)
        share += s.dwells > 0 ? static_cast<double>(s.dwell[b - 1]) / static_cast<double>(s.dwells) : std::nan("");
      series.x.push_back(static_cast<double>(b) * step), series.y.push_back(share);
    }
    panel.series.push_back(std::move(series));
  }
  return panel;
}

/// Steps of an average or of a share.
std::size_t block_of(Analysis const& a) { return std::max<std::size_t>(1, static_cast<std::size_t>(a.steps) / 100); }

plot::Panel distance_panel(Analysis const& a, plot::Axis const& steps) {
  auto const block = block_of(a), blocks = static_cast<std::size_t>(a.steps) / block;
  plot::Panel panel{.part = "distance", .title = "Distance to a circle", .x = steps, .y = {}};
  plot::Extent extent;
  extent.add(0);
  for (std::size_t c = 0; c < a.names.size(); ++c) {
    auto series = line_of(a, c);
    auto const& perturbed = a.perturbed[c];
    for (std::size_t b = 0; b < blocks; ++b) {
      double squares = 0, n = 0;
      for (auto const& trajectory : a.trajectories[c])
        for (std::size_t t = b * block; t < (b + 1) * block; ++t) {
          if (!perturbed.empty() && perturbed[t]) continue;
          squares += static_cast<double>(trajectory.distance[t]) * static_cast<double>(trajectory.distance[t]);
          n += 1;
        }
      series.x.push_back((static_cast<double>(b) + 0.5) * static_cast<double>(block));
      series.y.push_back(n > 0 ? std::sqrt(squares / n) : std::nan(""));
    }
    extent.add(series.y);
    panel.series.push_back(std::move(series));
  }
  panel.y = extent.axis("r.m.s., units of the noise", false, 0);
  return panel;
}

plot::Panel lasting_panel(Analysis const& a, plot::Axis const& steps) {
  auto const block = block_of(a), blocks = static_cast<std::size_t>(a.steps) / block;
  plot::Panel panel{
      .part = "lasting", .title = "Samples without failure", .x = steps, .y = plot::number_axis("Share", 0, 1.03)};
  for (std::size_t c = 0; c < a.names.size(); ++c) {
    auto series = line_of(a, c);
    auto const& first = a.statistics[c].first_failure;
    for (std::size_t b = 0; b <= blocks; ++b) {
      auto const step = static_cast<double>(b * block);
      auto const lasting =
          static_cast<double>(std::count_if(first.begin(), first.end(), [&](double f) { return !(f <= step); }));
      // A share changes at once.
      if (b > 0) series.x.push_back(step), series.y.push_back(series.y.back());
      series.x.push_back(step), series.y.push_back(lasting / static_cast<double>(first.size()));
    }
    panel.series.push_back(std::move(series));
  }
  return panel;
}

void draw_statistics(Analysis const& a, std::filesystem::path const& folder) {
  auto const steps = plot::number_axis("Steps after the seed", 0, static_cast<double>(a.steps));
  plot::Page page{.name = "generation_statistics", .width = plot::two_columns, .columns = 3};
  page.panels = {dwell_panel(a), distance_panel(a, steps), lasting_panel(a, steps)};
  page.notes = {fmt::format("Over {} samples of each kind; no intervals. Steps of bursts are left out of the distance.",
                            a.samples)};
  plot::draw_page(page, folder);
}

}  // namespace

void draw_dynamics(Analysis const& analysis, std::filesystem::path const& folder) {
  draw_strips(analysis, folder);
  draw_statistics(analysis, folder);
}

}  // namespace mambasynth::dynamics
