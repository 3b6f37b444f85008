#include "generate/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::generate {
namespace {

/// One heat map between two heights of the page, its first column at step `first`.
std::string panel(std::string const& title, std::string const& data, std::int64_t first, double top, double bottom,
                  bool lowest) {
  return fmt::format(
      "set tmargin at screen {}\nset bmargin at screen {}\nset title \"{}\" offset 0,-0.7\n"
      "set colorbox user origin screen 0.925,{} size screen 0.015,{}\nset xlabel \"{}\"\n"
      "plot \"{}\" matrix using ($1+{}+0.5):2:3 with image\n",
      top, bottom, title, bottom, top - bottom, lowest ? "time step" : "", data, first);
}

std::string page(std::int64_t first, std::int64_t last, std::int64_t channels, std::string const& range) {
  return fmt::format(
      "set multiplot\nunset key\nset tics out nomirror\nset xrange [{}:{}]\nset yrange [{}:-0.5]\n"
      "set lmargin at screen 0.07\nset rmargin at screen 0.91\nset ylabel \"channel\"\n{}set cbrange {}\n",
      first, last, static_cast<double>(channels) - 0.5, analysis::plot::diverging_palette(), range);
}

}  // namespace

void draw_generation(GeneratedSample const& s, std::filesystem::path const& folder) {
  auto const seed_steps = static_cast<std::int64_t>(s.seed.size()) / s.channels;
  auto const steps = static_cast<std::int64_t>(s.generated.size()) / s.channels;
  auto const border = s.seed_start + seed_steps, last = border + steps;

  constexpr double floor = 1e-3;
  analysis::plot::Figure whole(fmt::format("generation_{}", s.number), {1400, 800});
  std::vector<float> all(s.seed.begin(), s.seed.end());
  all.insert(all.end(), s.generated.begin(), s.generated.end());
  auto const strip = whole.add_data(
      "circles", analysis::plot::circle_runs(s.seed_circle, s.circles, s.seed_start, seed_steps + steps));
  auto const together = whole.add_data("all", analysis::plot::heat_rows(all, s.channels));
  auto const alone = whole.add_data("generated", analysis::plot::heat_rows(s.generated, s.channels));
  auto commands = page(s.seed_start, last, s.channels,
                       analysis::plot::symmetric_range(analysis::plot::largest_magnitude(all), floor));
  commands += fmt::format(
      "set tmargin at screen 0.93\nset bmargin at screen 0.89\nset title \"Sample {}: circle of the seed\" offset "
      "0,-0.7\n"
      "unset ytics\nunset ylabel\nset format x \"\"\nset style fill solid noborder\nset yrange [0:1]\n"
      "plot \"{}\" using (($1+$2)/2.0):(0.5):1:2:(0):(1):3 with boxxyerror linecolor rgb variable\n"
      "set format x\nset ytics auto\nset ylabel \"channel\"\nset yrange [{}:-0.5]\n"
      "set arrow 1 from {},graph 0 to {},graph 1 nohead dashtype 2 linewidth 2 front\n",
      s.number, strip, static_cast<double>(s.channels) - 0.5, border, border);
  commands += panel("Seed and generated steps", together, s.seed_start, 0.83, 0.5, false) + "unset arrow 1\n";
  commands += fmt::format("set xrange [{}:{}]\n", border, last);
  commands += panel("Generated steps", alone, border, 0.43, 0.09, true) + "unset multiplot\n";
  whole.set_commands(commands);
  whole.draw(folder);

  std::vector<float> error(s.generated.begin(), s.generated.end());
  for (std::size_t i = 0; i < error.size(); ++i) error[i] -= s.truth[i];
  auto const common =
      std::max({analysis::plot::largest_magnitude(s.truth), analysis::plot::largest_magnitude(s.generated),
                analysis::plot::largest_magnitude(error)});
  analysis::plot::Figure comparison(fmt::format("generation_vs_gt_{}", s.number), {1400, 900});
  auto const truth = comparison.add_data("truth", analysis::plot::heat_rows(s.truth, s.channels));
  auto const generated = comparison.add_data("generated", analysis::plot::heat_rows(s.generated, s.channels));
  auto const difference = comparison.add_data("error", analysis::plot::heat_rows(error, s.channels));
  comparison.set_commands(
      page(border, last, s.channels, analysis::plot::symmetric_range(common, floor)) +
      panel("Truth", truth, border, 0.95, 0.7, false) + panel("Generated steps", generated, border, 0.63, 0.38, false) +
      panel(fmt::format("Error, MSE {:.4f}", s.mse), difference, border, 0.32, 0.08, true) + "unset multiplot\n");
  comparison.draw(folder);
}

}  // namespace mambasynth::generate
