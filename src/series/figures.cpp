#include "series/figures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/axis.hpp"
#include "analysis/plot/embedding_figures.hpp"
#include "analysis/plot/heat_map.hpp"
#include "analysis/plot/legend.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/plot/ticks.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::series {
namespace {

namespace plot = analysis::plot;

/// "#rrggbb" as the number in the color column of a data file.
std::string for_gnuplot(std::string const& color) { return "0x" + color.substr(1); }

/// Circles as ticks: all if there are few, every second, fifth, ... if there are many.
std::string circle_ticks(std::int64_t circles) {
  constexpr std::int64_t most_ticks = 12;
  std::int64_t step = 1;
  for (std::int64_t decade = 1; circles > most_ticks * step; decade *= 10)
    for (std::int64_t const next : {decade, 2 * decade, 5 * decade, 10 * decade})
      if (step = next; circles <= most_ticks * step) break;
  std::vector<double> ticks;
  for (std::int64_t circle = 0; circle < circles; circle += step) ticks.push_back(static_cast<double>(circle));
  return plot::tick_words(ticks);
}

/// Start, end, circle and color of each visit; every stride-th if there are very many.
std::string visit_rows(std::vector<series::Visit> const& visits, std::int64_t circles, std::size_t stride) {
  std::string rows = "# start end circle color\n";
  for (std::size_t i = 0; i < visits.size(); i += stride) {
    auto const& visit = visits[i];
    rows += fmt::format("{} {} {} {}\n", visit.start, visit.start + visit.length, visit.circle,
                        for_gnuplot(analysis::plot::category_color(visit.circle, circles)));
  }
  return rows;
}

constexpr char const* points_words = "steps of the series";
constexpr std::size_t sharing = 3;  // of the overview: two embeddings, and as much again for the visits and the matrix

/// The embedding, colored by circle and by time.
struct EmbeddingPanels {
  analysis::plot::Coloring circle, time;
  std::vector<analysis::plot::EmbeddingPanel> panels;

  EmbeddingPanels(series::Digest const& digest, SeriesEmbedding const& embedding)
      : circle(analysis::plot::by_category("circle", digest.sampled().circle, digest.process().circles)),
        time(analysis::plot::by_order("time step", digest.sampled().step, static_cast<double>(digest.n_steps()))),
        panels{{"UMAP by circle", embedding.coordinates, &circle}, {"UMAP by time", embedding.coordinates, &time}} {}
};

void draw_subspace(series::Digest const& digest, SeriesEmbedding const& embedding,
                   std::filesystem::path const& folder) {
  auto const& process = digest.process();
  auto const heading = fmt::format("{} circles in {} dimensions, of which they span {}", process.circles,
                                   process.channels, embedding.subspace_dim);
  std::vector<std::string> notes;
  for (auto const& [k, estimate] : embedding.dimension) notes.push_back(fmt::format("{:.2f} at k = {}", estimate, k));
  if (!notes.empty())
    notes = {
        fmt::format("Intrinsic dimension of the embedding ({}): {}.", embedding.estimator, fmt::join(notes, ", "))};
  EmbeddingPanels const drawn(digest, embedding);
  analysis::plot::draw_embeddings(fmt::format("umap_subspace_{}", embedding.subspace_dim), heading, drawn.panels, 2,
                                  points_words, notes, folder);
}

// Millimeters.
constexpr double upper = 7, row = 40, below = 12;

std::string axis_labels(plot::Paper const& paper, plot::Frame const& frame, std::string const& title,
                        std::string const& x, std::string const& y, double y_room) {
  return paper.text(title, frame.left, frame.top - plot::text_height / 2 - 0.5) +
         paper.text(x, frame.left + frame.width / 2, frame.bottom() + 8.2, plot::Align::center) +
         paper.upright_text(y, frame.left - y_room, frame.top + frame.height / 2);
}

std::string circles_over_time(plot::Figure& figure, plot::Paper const& paper, series::Digest const& digest,
                              double sampling_rate) {
  // A vector graphic with more elements is slow to open and shows no more.
  constexpr std::size_t most_visits = 4000;
  plot::Frame const frame{.left = 12, .top = upper, .width = 44, .height = row};
  auto const n = digest.process().circles;
  std::size_t const stride = (digest.visits().size() + most_visits - 1) / most_visits;
  auto const visits = figure.add_data("visits", visit_rows(digest.visits(), n, stride));
  double const unit = sampling_rate > 0 ? sampling_rate : 1;
  auto x = plot::number_axis("", 0, static_cast<double>(digest.n_steps()) / unit);
  for (auto& tick : x.ticks) tick.label = plot::number_text(tick.at);
  plot::thin_labels(x, frame.width);
  for (auto& tick : x.ticks) tick.at *= unit;
  return paper.margins(frame) + plot::tick_commands("x", x, true) +
         fmt::format("set ytics {}\nset xrange [0:{}]\nset yrange [-0.5:{}]\n", circle_ticks(n), digest.n_steps(),
                     static_cast<double>(n) - 0.5) +
         axis_labels(paper, frame,
                     fmt::format("Circle over time{}", stride > 1 ? fmt::format(" (one visit in {})", stride) : ""),
                     sampling_rate > 0 ? "Time (s)" : "Time step", "Circle", 8.5) +
         fmt::format("plot \"{}\" using 1:3:1:2:($3-0.4):($3+0.4):4 with boxxyerror linecolor rgb variable\n", visits);
}

std::string transitions(plot::Figure& figure, plot::Paper const& paper, series::Process const& process) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < process.circles; ++i) names.push_back(fmt::format("{}", i));
  double const largest = *std::max_element(process.transition_matrix.begin(), process.transition_matrix.end());
  plot::HeatMap const map{.part = "transitions",
                          .title = "Transition matrix",
                          .axis = "",
                          .names = names,
                          .matrix = process.transition_matrix,
                          .low = 0,
                          .high = largest > 0 ? largest : 1,
                          .quantity = "Share"};
  plot::Frame const frame{.left = 70, .top = upper, .width = row, .height = row};
  auto const labels =
      paper.text("Next circle", frame.left + frame.width / 2, frame.bottom() + 8.2, plot::Align::center) +
      paper.upright_text("Circle", frame.left - 8.5, frame.top + frame.height / 2);
  return plot::heat_map(figure, map, frame, paper, {}, labels);
}

std::string periods(plot::Figure& figure, plot::Paper const& paper, series::Process const& process) {
  plot::Frame const frame{.left = 143, .top = upper, .width = 35, .height = row};
  auto const n = process.circles;
  std::string bars = "# circle period color\n";
  for (std::int64_t i = 0; i < n; ++i)
    bars += fmt::format("{} {} {}\n", i, process.period[static_cast<std::size_t>(i)],
                        for_gnuplot(plot::category_color(i, n)));
  auto const longest = 1.05 * static_cast<double>(*std::max_element(process.period.begin(), process.period.end()));
  return paper.margins(frame) +
         fmt::format(
             "unset label\nset border 3\nset xtics nomirror norotate {}\nset ytics nomirror {} font \"\"\nset xrange "
             "[-0.6:{}]\nset yrange [0:{:.6g}]\nset "
             "boxwidth 0.8\nunset colorbox\n",
             circle_ticks(n), plot::tick_words(plot::even_ticks(0, longest)), static_cast<double>(n) - 0.4, longest) +
         axis_labels(paper, frame, "Period", "Circle", "Steps of a revolution", 10) +
         fmt::format("plot \"{}\" using 1:2:3 with boxes linecolor rgb variable\n", figure.add_data("periods", bars));
}

void draw_overview(series::Digest const& digest, std::filesystem::path const& folder, SeriesEmbedding const* embedding,
                   double sampling_rate) {
  constexpr double side = 60;
  double const end = upper + row + below;
  double const bottom = end + (embedding != nullptr ? plot::panel_title_height + side + 2 : 0);
  auto const points = embedding != nullptr ? embedding->coordinates.size() / 2 : 0;
  std::vector<std::string> notes{
      fmt::format("One series of {} steps, {} visits, and {} circles; no intervals. Transitions and periods are those "
                  "of the process. In all panels but the last, a color is a circle.",
                  plot::count_text(static_cast<std::size_t>(digest.n_steps())),
                  plot::count_text(digest.visits().size()), digest.process().circles)};
  if (embedding == nullptr)
    notes.front() = fmt::format(
        "One series of {} steps, {} visits, and {} circles; no intervals. Transitions and periods are those of the "
        "process. Outside the transition matrix, a color is a circle.",
        plot::count_text(static_cast<std::size_t>(digest.n_steps())), plot::count_text(digest.visits().size()),
        digest.process().circles);
  else
    notes.push_back(fmt::format("Each point is one of {} {}. {}", plot::count_text(points), points_words,
                                plot::stride_note(points, sharing)));
  plot::Legend const legend("", {}, notes, plot::two_columns);
  plot::Size const size{plot::two_columns, bottom + legend.height()};
  plot::Paper const paper(size);
  plot::Figure figure("markov_circles_timeseries", size);
  auto commands = fmt::format(
      "set multiplot\nunset key\nset tics out nomirror scale 0.5\nset border 3 linecolor rgb \"{}\" linewidth "
      "{:.3g}\nset style "
      "fill solid noborder\n",
      plot::frame_gray, plot::line_width(plot::thin));
  commands += legend.commands(paper, bottom);
  commands += circles_over_time(figure, paper, digest, sampling_rate) + transitions(figure, paper, digest.process()) +
              periods(figure, paper, digest.process());
  if (embedding != nullptr) {
    EmbeddingPanels const drawn(digest, *embedding);
    for (int i = 0; i < 2; ++i)
      commands += plot::draw_panel(
          figure, i == 0 ? "umap_by_circle" : "umap_by_time", drawn.panels[static_cast<std::size_t>(i)],
          {.left = 12 + 85.0 * i, .top = end + plot::panel_title_height, .width = side, .height = side}, paper, true,
          sharing);
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

void draw_window(series::Excerpt const& window, std::int64_t number, series::Process const& process,
                 double sampling_rate, std::filesystem::path const& folder) {
  plot::Figure figure(fmt::format("sample_window_{}", number), {});
  auto const steps = window.steps();
  auto const channels = process.channels;
  std::string rows;
  double limit = 0;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    for (std::int64_t i = 0; i < steps; ++i) {
      double const value = window.x[static_cast<std::size_t>(i * channels + channel)];
      limit = std::max(limit, std::abs(value));
      rows += fmt::format("{:.3f} ", value);
    }
    rows += "\n";
  }
  plot::WindowPage page(window.start, window.start + steps, sampling_rate);
  page.strip("Circle",
             figure.add_data("circles", plot::circle_runs(window.circle, process.circles, window.start, steps)));
  page.heat({.title = "Series, x[t]",
             .ylabel = "Channel",
             .rows = figure.add_data("x", rows),
             .count = channels,
             .palette = plot::diverging_palette(),
             .range = plot::symmetric_range(limit),
             .quantity = "x",
             .height = 40});
  page.circles(window.circle, process.circles);
  page.draw(figure,
            {fmt::format("One window of {} steps of the series, from step {}; no intervals.", steps, window.start)},
            folder);
}

}  // namespace

void draw_series(series::Digest const& digest, std::filesystem::path const& folder, SeriesEmbedding const* embedding,
                 double sampling_rate) {
  draw_overview(digest, folder, embedding, sampling_rate);
  if (embedding != nullptr) draw_subspace(digest, *embedding, folder);
  for (std::size_t i = 0; i < digest.windows().size(); ++i)
    draw_window(digest.windows()[i], static_cast<std::int64_t>(i), digest.process(), sampling_rate, folder);
}

}  // namespace mambasynth::series
