#include "gates/figures.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::gates {
namespace {

using analysis::plot::Figure;
using analysis::plot::WindowPage;

constexpr std::int64_t shown_channels = 64;  // as in the original: more rows could not be told apart

WindowPage page_of(Sample const& sample, int height) { return {sample.start, sample.start + sample.x.size(0), height}; }

/// (step, column) -> one row per column.
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

/// Step in the series, then one column for each vector (step).
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

/// Up to the 99.5th percentile: otherwise, a few wide-open channels would leave all others the same color.
std::string color_range(at::Tensor const& values) {
  auto const sorted = std::get<0>(values.flatten().to(at::kDouble).sort());
  auto const n = sorted.numel();
  double const low = sorted[0].item<double>(), high = sorted[std::min(n - 1, n * 995 / 1000)].item<double>();
  return high > low ? fmt::format("[{:.6g}:{:.6g}]", low, high) : std::string("[*:*]");
}

void head_of_page(WindowPage& page, Figure& figure, Sample const& sample, std::string const& title,
                  std::span<std::int64_t const> circle, std::int64_t circles) {
  page.strip(title + (circle.empty() ? " (circles unknown)" : ": circle"),
             figure.add_data("circles", analysis::plot::circle_runs(circle, circles, sample.start, sample.x.size(0))));
  page.heat("Series", "channel", figure.add_data("x", heat_rows(sample.x)), sample.x.size(1),
            analysis::plot::diverging_palette(),
            analysis::plot::symmetric_range(sample.x.abs().max().item<double>(), 1e-6), 150);
}

double largest(at::Tensor const& values) { return values.max().item<double>(); }
at::Tensor over_states(at::Tensor const& values) { return at::linalg_vector_norm(values[0], 2, {1}); }

}  // namespace

void draw_layer(Sample const& sample, std::size_t layer, std::span<std::int64_t const> circle, std::int64_t circles,
                std::filesystem::path const& folder) {
  constexpr int height = 1190;
  auto const& signals = sample.layers[layer];
  auto const shown = std::min(shown_channels, signals.delta.size(2));
  auto const delta = signals.delta[0].narrow(1, 0, shown), z = signals.z_gate[0].narrow(1, 0, shown);
  auto const channels = shown < signals.delta.size(2)
                            ? fmt::format("first {} of {} inner channels", shown, signals.delta.size(2))
                            : "inner channels";

  Figure figure(fmt::format("gates_layer{}_{}", layer + 1, sample.number), {1400, height});
  auto page = page_of(sample, height);
  head_of_page(page, figure, sample, fmt::format("Layer {}, sample {}", layer + 1, sample.number), circle, circles);
  page.heat(fmt::format("Step size delta, {}: mean {:.4g}, largest {:.4g}", channels, delta.mean().item<double>(),
                        delta.max().item<double>()),
            "inner channel", figure.add_data("delta", heat_rows(delta)), shown, analysis::plot::ordered_palette(),
            color_range(delta), 230);
  page.heat("Output gate silu(z), same channels", "inner channel", figure.add_data("z_gate", heat_rows(z)), shown,
            analysis::plot::ordered_palette(), color_range(z), 230);
  auto const norms = figure.add_data(
      "norms", line_rows("B_norm C_norm", sample.start, {over_states(signals.B), over_states(signals.C)}));
  page.lines("|B| and |C| over the states", "norm",
             fmt::format("\"{0}\" using 1:2 with lines linecolor rgb \"{1}\" linewidth 1.3 title \"|B|\", \"{0}\" "
                         "using 1:3 with lines linecolor rgb \"{2}\" linewidth 1.3 title \"|C|\"",
                         norms, analysis::plot::category_color(0, 10), analysis::plot::category_color(6, 10)),
             std::max(largest(over_states(signals.B)), largest(over_states(signals.C))), 130);
  auto const mean = figure.add_data("mean_delta", line_rows("delta", sample.start, {signals.delta[0].mean(1)}));
  page.lines("Mean delta over all inner channels", "delta",
             fmt::format("\"{}\" using 1:2 with lines linecolor rgb \"{}\" linewidth 1.3 notitle", mean,
                         analysis::plot::category_color(0, 10)),
             largest(signals.delta[0].mean(1)), 130, true);
  figure.set_commands(page.end());
  figure.draw(folder);
}

void draw_summary(Sample const& sample, std::span<std::int64_t const> circle, std::int64_t circles,
                  std::filesystem::path const& folder) {
  constexpr int panel = 90;
  auto const layers = static_cast<int>(sample.layers.size());
  int const height = 22 + 150 + 2 * 34 + layers * (panel + 34) + 70;
  Figure figure(fmt::format("gates_summary_{}", sample.number), {1400, height});
  auto page = page_of(sample, height);
  head_of_page(page, figure, sample, fmt::format("Sample {}", sample.number), circle, circles);
  std::vector<at::Tensor> means;
  std::string head;
  for (auto const& signals : sample.layers) {
    means.push_back(signals.delta[0].mean(1));
    head += (head.empty() ? "layer_" : " layer_") + std::to_string(means.size());
  }
  auto const rows = figure.add_data("mean_delta", line_rows(head, sample.start, means));
  // One panel per layer: their levels are decades apart, and a common axis would flatten all but one.
  for (int i = 0; i < layers; ++i)
    page.lines(fmt::format("Mean delta, layer {}", i + 1), "delta",
               fmt::format("\"{}\" using 1:{} with lines linecolor rgb \"{}\" linewidth 1.3 notitle", rows, i + 2,
                           analysis::plot::category_color(0, 10)),
               largest(means[static_cast<std::size_t>(i)]), panel, i + 1 == layers);
  figure.set_commands(page.end());
  figure.draw(folder);
}

}  // namespace mambasynth::gates
