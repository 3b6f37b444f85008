#include "series/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/embedding_figures.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::series {
namespace {

/// "#rrggbb" as the number in the color column of a data file.
std::string for_gnuplot(std::string const& color) { return "0x" + color.substr(1); }

/// Circles as ticks: all if there are few; every second, fifth, ... if there are many.
std::int64_t circle_step(std::int64_t circles) {
  constexpr std::int64_t most_ticks = 20;
  for (std::int64_t decade = 1;; decade *= 10)
    for (std::int64_t const step : {decade, 2 * decade, 5 * decade})
      if (circles <= most_ticks * step) return step;
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
  auto heading = fmt::format("{} circles in {} dimensions, subspace of {}; Levina-Bickel of the embedding",
                             process.circles, process.channels, embedding.subspace_dim);
  for (auto const& [k, estimate] : embedding.levina_bickel)
    heading += fmt::format("{} k={} {:.2f}", k == embedding.levina_bickel.front().first ? ":" : ",", k, estimate);
  EmbeddingPanels const drawn(digest, embedding);
  analysis::plot::draw_embeddings(fmt::format("umap_subspace_{}", embedding.subspace_dim), heading, drawn.panels, 2,
                                  folder);
}

void draw_overview(series::Digest const& digest, std::filesystem::path const& folder,
                   SeriesEmbedding const* embedding) {
  constexpr int upper_row = 500, lower_row = 560, side = 480;
  int const height = upper_row + (embedding != nullptr ? lower_row : 0);
  // A fraction of the upper row's height as a fraction of the page's.
  auto const at = [&](double share) { return 1 - (1 - share) * upper_row / height; };
  // A vector graphic with more elements is slow to open and shows no more detail.
  constexpr std::size_t most_visits = 4000;
  constexpr std::int64_t most_annotated = 16;
  constexpr double annotated_from = 0.005, white_text_from = 0.6;

  auto const& process = digest.process();
  auto const n = process.circles;
  analysis::plot::Figure figure("markov_circles_timeseries", {1600, height});
  std::size_t const stride = (digest.visits().size() + most_visits - 1) / most_visits;
  auto const visits = figure.add_data("visits", visit_rows(digest.visits(), n, stride));

  double const largest = *std::max_element(process.transition_matrix.begin(), process.transition_matrix.end());
  std::string cells = "# next_circle circle probability\n", labels = "# next_circle circle text color\n",
              periods = "# circle period color\n";
  for (std::int64_t i = 0; i < n; ++i) {
    auto const row = process.transitions_from(i);
    for (std::int64_t j = 0; j < n; ++j) {
      double const p = row[static_cast<std::size_t>(j)];
      cells += fmt::format("{} {} {:.6f}\n", j, i, p);
      if (n <= most_annotated && p > annotated_from)
        labels += fmt::format("{} {} {:.2f} {}\n", j, i, p, p > white_text_from * largest ? "0xffffff" : "0x000000");
    }
    cells += "\n";
    periods += fmt::format("{} {} {}\n", i, process.period[static_cast<std::size_t>(i)],
                           for_gnuplot(analysis::plot::category_color(i, n)));
  }
  auto const matrix = figure.add_data("transitions", cells);
  auto const text = figure.add_data("labels", labels);
  auto const bars = figure.add_data("periods", periods);

  auto commands = fmt::format(
      "set multiplot\nunset key\nset tics out nomirror\nset style fill solid noborder\n"
      "set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\n"
      "set lmargin at screen 0.045\nset rmargin at screen 0.34\n"
      "set title \"Circle over time{}\"\nset xlabel \"time step\"\nset ylabel \"circle\" offset 1.5\n"
      "set xrange [0:{}]\nset yrange [-0.5:{}]\nset ytics {}\nset xtics auto\nset format x \"%g\"\n"
      "plot \"{}\" using 1:3:1:2:($3-0.4):($3+0.4):4 with boxxyerror linecolor rgb variable\n",
      at(0.9), at(0.13), stride > 1 ? fmt::format(" (one visit in {})", stride) : "", digest.n_steps(),
      static_cast<double>(n) - 0.5, circle_step(n), visits);
  commands += fmt::format(
      "set lmargin at screen 0.395\nset rmargin at screen 0.64\n"
      "set colorbox user origin screen 0.65,{:.5f} size screen 0.01,{:.5f}\nset format x\n"
      "set title \"Transition matrix\"\nset xlabel \"next circle\"\nset ylabel \"circle\" offset 1.5\n"
      "{}set cbrange [0:*]\nset xrange [-0.5:{}]\nset yrange [{}:-0.5]\nset xtics {}\nset ytics {}\n"
      "plot \"{}\" using 1:2:3 with image",
      at(0.13), at(0.9) - at(0.13), analysis::plot::sequential_palette(), static_cast<double>(n) - 0.5,
      static_cast<double>(n) - 0.5, circle_step(n), circle_step(n), matrix);
  if (n <= most_annotated)
    commands +=
        fmt::format(", \"{}\" using 1:2:(sprintf(\"%.2f\", $3)):4 with labels textcolor rgb variable font \",{}\"",
                    text, n <= 10 ? 10 : 7);
  commands += fmt::format(
      "\nset lmargin at screen 0.745\nset rmargin at screen 0.985\n"
      "set title \"Period\"\nset xlabel \"circle\"\nset ylabel \"steps of a revolution\" offset 1.5\n"
      "set xrange [-0.6:{}]\nset yrange [0:*]\nset ytics auto\nset boxwidth 0.8\n"
      "plot \"{}\" using 1:2:3 with boxes linecolor rgb variable\n",
      static_cast<double>(n) - 0.4, bars);
  if (embedding != nullptr) {
    EmbeddingPanels const drawn(digest, *embedding);
    for (int i = 0; i < 2; ++i)
      commands += analysis::plot::draw_panel(
          figure, i == 0 ? "umap_by_circle" : "umap_by_time", drawn.panels[static_cast<std::size_t>(i)],
          {.left = 180 + 740 * i, .top = upper_row + 45, .side = side, .page = {1600, height}});
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

void draw_window(series::Excerpt const& window, std::int64_t number, series::Process const& process,
                 std::filesystem::path const& folder) {
  analysis::plot::Figure figure(fmt::format("sample_window_{}", number), {1400, 560});
  auto const steps = window.steps();
  auto const channels = process.channels;

  auto const strip =
      figure.add_data("circles", analysis::plot::circle_runs(window.circle, process.circles, window.start, steps));

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
  auto const heat = figure.add_data("x", rows);

  figure.set_commands(
      fmt::format("set multiplot\nunset key\nset tics out nomirror\nset xrange [{0}:{1}]\n"
                  "set lmargin at screen 0.06\nset rmargin at screen 0.91\n"
                  "set tmargin at screen 0.9\nset bmargin at screen 0.82\n"
                  "set title \"Steps {0} to {1}: circle (above) and channels\"\nunset ytics\nset yrange [0:1]\nset "
                  "format x \"\"\nset style fill solid noborder\n"
                  "plot \"{2}\" using (($1+$2)/2.0):(0.5):1:2:(0):(1):3 with boxxyerror linecolor rgb variable, "
                  "\"{2}\" using (($1+$2)/2.0):(0.5):($2-$1 > {7} ? sprintf(\"%d\",$4) : \"\"):5 with labels textcolor "
                  "rgb variable\n"
                  "unset title\nset tmargin at screen 0.8\nset bmargin at screen 0.12\nset format x\nset ytics {8}\n"
                  "set xlabel \"time step\"\nset ylabel \"channel\"\nset yrange [{3}:-0.5]\n"
                  "{4}set cbrange [-{5:.3f}:{5:.3f}]\n"
                  "set colorbox user origin screen 0.925,0.12 size screen 0.015,0.68\n"
                  "plot \"{6}\" matrix using ($1+{0}+0.5):2:3 with image\nunset multiplot\n",
                  window.start, window.start + steps, strip, static_cast<double>(channels) - 0.5,
                  analysis::plot::diverging_palette(), limit > 0 ? limit : 1.0, heat, static_cast<double>(steps) / 50,
                  circle_step(channels)));
  figure.draw(folder);
}

}  // namespace

void draw_series(series::Digest const& digest, std::filesystem::path const& folder, SeriesEmbedding const* embedding) {
  draw_overview(digest, folder, embedding);
  if (embedding != nullptr) draw_subspace(digest, *embedding, folder);
  for (std::size_t i = 0; i < digest.windows().size(); ++i)
    draw_window(digest.windows()[i], static_cast<std::int64_t>(i), digest.process(), folder);
}

}  // namespace mambasynth::series
