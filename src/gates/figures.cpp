#include "gates/figures.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "analysis/figures/palette.hpp"
#include "gates/ticks.hpp"

namespace mambasynth::gates {
namespace {

using figures::Figure;
using figures::Outcome;

constexpr std::int64_t shown_channels = 64;  // the original's: more rows than that cannot be told apart

/// One panel below the other on a page; heights as shares of the page.
class Page {
 public:
  Page(Sample const& sample, int height) : first_(sample.start), last_(sample.start + sample.x.size(0)), height_(height) {
    text_ = fmt::format(
        "set multiplot\nset tics out nomirror\nset xrange [{}:{}]\nset lmargin at screen 0.075\nset rmargin at screen 0.89\n"
        "unset key\nset format x \"\"\n", first_, last_);
  }

  /// Room for a panel of `pixels`, 34 below the last one for its title.
  void room(std::string const& title, int pixels, bool lowest) {
    constexpr int between = 34;
    top_ = next_ + between;
    next_ = top_ + pixels;
    text_ += fmt::format("set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\nset title \"{}\" offset 0,-0.7 noenhanced\n",
                         at(top_), at(next_), title);
    if (lowest) text_ += "set format x\nset xlabel \"time step\"\n";
  }
  void strip(std::string const& title, std::string const& runs) {
    room(title, 22, false);
    text_ += fmt::format("unset ytics\nset ylabel\nset style fill solid noborder\nset yrange [0:1]\n"
                         "plot \"{}\" using (($1+$2)/2.0):(0.5):1:2:(0):(1):3 with boxxyerror linecolor rgb variable\nset ytics auto\n", runs);
  }
  void heat(std::string const& title, std::string const& ylabel, std::string const& rows, std::int64_t count, std::string const& palette,
            std::string const& range, int pixels, bool lowest = false) {
    room(title, pixels, lowest);
    text_ += fmt::format("{}set cbrange {}\nset colorbox user origin screen 0.905,{:.5f} size screen 0.015,{:.5f}\nset ylabel \"{}\"\n"
                         "set yrange [{}:-0.5]\nplot \"{}\" matrix using ($1+{}+0.5):2:3 with image\n",
                         palette, range, at(next_), at(top_) - at(next_), ylabel, static_cast<double>(count) - 0.5, rows, first_);
  }
  /// `plots`: what follows gnuplot's `plot`; `largest` of what it plots.
  void lines(std::string const& title, std::string const& ylabel, std::string const& plots, double largest, int pixels, bool lowest = false) {
    room(title, pixels, lowest);
    text_ += fmt::format("set ylabel \"{}\"\nset yrange [0:*]\nset ytics {:.6g}\nset key inside bottom right horizontal samplen 1.5\nplot {}\nunset key\n", ylabel,
                         tick_step(largest), plots);
  }
  std::string end() { return text_ + "unset multiplot\n"; }

 private:
  [[nodiscard]] double at(int pixels) const { return 1.0 - static_cast<double>(pixels) / height_; }
  std::int64_t first_, last_;
  int height_, top_ = 0, next_ = 0;
  std::string text_;
};

std::string runs_of(std::span<std::int64_t const> circle, std::int64_t circles, std::int64_t first, std::int64_t steps) {
  std::string runs = "# first last colour\n";
  if (circle.empty()) return runs + fmt::format("{} {} 0xbbbbbb\n", first, first + steps);
  for (std::size_t start = 0, i = 1; i <= circle.size(); ++i) {
    if (i < circle.size() && circle[i] == circle[start]) continue;
    runs += fmt::format("{} {} 0x{}\n", first + static_cast<std::int64_t>(start), first + static_cast<std::int64_t>(i),
                        figures::category_colour(circle[start], circles).substr(1));
    start = i;
  }
  return runs;
}

/// (step, column) -> a row a column.
std::string heat_rows(at::Tensor const& values) {
  auto const rows = values.t().to(at::kDouble).contiguous();
  auto const* value = rows.const_data_ptr<double>();
  std::string text;
  for (std::int64_t row = 0; row < rows.size(0); ++row) {
    for (std::int64_t step = 0; step < rows.size(1); ++step) text += fmt::format("{:.4g} ", *value++);
    text += "\n";
  }
  return text;
}

/// Step in the series, then a column each; every (step).
std::string line_rows(std::string const& head, std::int64_t first, std::vector<at::Tensor> const& columns) {
  auto const all = at::stack(columns, 1).to(at::kDouble).contiguous();
  auto const* value = all.const_data_ptr<double>();
  auto text = "# step " + head + "\n";
  for (std::int64_t step = 0; step < all.size(0); ++step) {
    text += fmt::format("{}", first + step);
    for (std::int64_t c = 0; c < all.size(1); ++c) text += fmt::format(" {:.6g}", *value++);
    text += "\n";
  }
  return text;
}

/// Up to the 99.5th percentile: a few channels that open wide would leave the others one colour.
std::string colour_range(at::Tensor const& values) {
  auto const sorted = std::get<0>(values.flatten().to(at::kDouble).sort());
  auto const n = sorted.numel();
  double const low = sorted[0].item<double>(), high = sorted[std::min(n - 1, n * 995 / 1000)].item<double>();
  return high > low ? fmt::format("[{:.6g}:{:.6g}]", low, high) : std::string("[*:*]");
}

void head_of_page(Page& page, Figure& figure, Sample const& sample, std::string const& title, std::span<std::int64_t const> circle, std::int64_t circles) {
  page.strip(title + (circle.empty() ? " (circles unknown)" : ": circle"), figure.add_data("circles", runs_of(circle, circles, sample.start, sample.x.size(0))));
  double const limit = std::max(1e-6, sample.x.abs().max().item<double>());
  page.heat("Series", "channel", figure.add_data("x", heat_rows(sample.x)), sample.x.size(1), figures::diverging_palette(),
            fmt::format("[-{0:.4g}:{0:.4g}]", limit), 150);
}

double largest(at::Tensor const& values) { return values.max().item<double>(); }
at::Tensor over_states(at::Tensor const& values) { return at::linalg_vector_norm(values[0], 2, {1}); }

}  // namespace

Outcome draw_layer(Sample const& sample, std::size_t layer, std::span<std::int64_t const> circle, std::int64_t circles,
                   std::filesystem::path const& folder) {
  constexpr int height = 1190;
  auto const& signals = sample.layers[layer];
  auto const shown = std::min(shown_channels, signals.delta.size(2));
  auto const delta = signals.delta[0].narrow(1, 0, shown), z = signals.z_gate[0].narrow(1, 0, shown);
  auto const channels = shown < signals.delta.size(2) ? fmt::format("first {} of {} inner channels", shown, signals.delta.size(2)) : "inner channels";

  Figure figure(fmt::format("gates_layer{}_{}", layer + 1, sample.number), {1400, height});
  Page page(sample, height);
  head_of_page(page, figure, sample, fmt::format("Layer {}, sample {}", layer + 1, sample.number), circle, circles);
  page.heat(fmt::format("Step size delta, {}: mean {:.4g}, largest {:.4g}", channels, delta.mean().item<double>(), delta.max().item<double>()),
            "inner channel", figure.add_data("delta", heat_rows(delta)), shown, figures::ordered_palette(), colour_range(delta), 230);
  page.heat("Output gate silu(z), same channels", "inner channel", figure.add_data("z_gate", heat_rows(z)), shown, figures::ordered_palette(), colour_range(z), 230);
  auto const norms = figure.add_data("norms", line_rows("B_norm C_norm", sample.start, {over_states(signals.B), over_states(signals.C)}));
  page.lines("|B| and |C| over the states", "norm",
             fmt::format("\"{0}\" using 1:2 with lines linecolor rgb \"{1}\" linewidth 1.3 title \"|B|\", \"{0}\" using 1:3 with lines linecolor rgb \"{2}\" linewidth 1.3 title \"|C|\"",
                         norms, figures::category_colour(0, 10), figures::category_colour(6, 10)),
             std::max(largest(over_states(signals.B)), largest(over_states(signals.C))), 130);
  auto const mean = figure.add_data("mean_delta", line_rows("delta", sample.start, {signals.delta[0].mean(1)}));
  page.lines("Mean delta over all inner channels", "delta",
             fmt::format("\"{}\" using 1:2 with lines linecolor rgb \"{}\" linewidth 1.3 notitle", mean, figures::category_colour(0, 10)),
             largest(signals.delta[0].mean(1)), 130, true);
  figure.set_commands(page.end());
  return figure.draw(folder);
}

Outcome draw_summary(Sample const& sample, std::span<std::int64_t const> circle, std::int64_t circles, std::filesystem::path const& folder) {
  constexpr int panel = 90;
  auto const layers = static_cast<int>(sample.layers.size());
  int const height = 22 + 150 + 2 * 34 + layers * (panel + 34) + 70;
  Figure figure(fmt::format("gates_summary_{}", sample.number), {1400, height});
  Page page(sample, height);
  head_of_page(page, figure, sample, fmt::format("Sample {}", sample.number), circle, circles);
  std::vector<at::Tensor> means;
  std::string head;
  for (auto const& signals : sample.layers) {
    means.push_back(signals.delta[0].mean(1));
    head += (head.empty() ? "layer_" : " layer_") + std::to_string(means.size());
  }
  auto const rows = figure.add_data("mean_delta", line_rows(head, sample.start, means));
  // A panel each: the layers' levels lie decades apart, and a common axis would flatten all but one.
  for (int i = 0; i < layers; ++i)
    page.lines(fmt::format("Mean delta, layer {}", i + 1), "delta",
               fmt::format("\"{}\" using 1:{} with lines linecolor rgb \"{}\" linewidth 1.3 notitle", rows, i + 2, figures::category_colour(0, 10)),
               largest(means[static_cast<std::size_t>(i)]), panel, i + 1 == layers);
  figure.set_commands(page.end());
  return figure.draw(folder);
}

}  // namespace mambasynth::gates
