#include "gates/figures.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::gates {
namespace {

namespace plot = analysis::plot;
using analysis::plot::Figure;
using analysis::plot::WindowPage;

constexpr std::int64_t shown_channels = 64;  // as in the original: more rows could not be told apart

WindowPage page_of(Sample const& sample, double sampling_rate) {
  return {sample.start, sample.start + sample.x.size(0), sampling_rate};
}

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
                  std::span<std::int64_t const> circle, std::int64_t circles, plot::Labels labels) {
  page.strip(circle.empty() ? fmt::format("{} ({})", title, plot::absence_of(labels))
                            : fmt::format("{}: {}", title, plot::word_of(labels)),
             figure.add_data("circles", plot::circle_runs(circle, circles, sample.start, sample.x.size(0))));
  page.heat({.title = "Series, x[t]",
             .ylabel = "Channel",
             .rows = figure.add_data("x", heat_rows(sample.x)),
             .count = sample.x.size(1),
             .palette = plot::diverging_palette(),
             .range = plot::symmetric_range(sample.x.abs().max().item<double>()),
             .quantity = "x",
             .height = 20});
  page.circles(circle, circles, labels);
}

std::string plotted(std::string const& data, std::size_t column, plot::LineStyle const& style) {
  return fmt::format("\"{}\" using 1:{} with lines {}", data, column, plot::line_words(style));
}
plot::LineStyle line_style(std::size_t index) { return {.color = plot::series_color(index), .width = plot::thin}; }

double largest(at::Tensor const& values) { return values.max().item<double>(); }
at::Tensor over_states(at::Tensor const& values) { return at::linalg_vector_norm(values[0], 2, {1}); }

}  // namespace

void draw_layer(Sample const& sample, std::size_t layer, std::span<std::int64_t const> circle, std::int64_t circles,
                std::filesystem::path const& folder, double sampling_rate, plot::Labels labels) {
  auto const& signals = sample.layers[layer];
  auto const shown = std::min(shown_channels, signals.delta.size(2));
  auto const delta = signals.delta[0].narrow(1, 0, shown), z = signals.z_gate[0].narrow(1, 0, shown);
  auto const channels = shown < signals.delta.size(2)
                            ? fmt::format("first {} of {} inner channels", shown, signals.delta.size(2))
                            : "inner channels";

  Figure figure(fmt::format("gates_layer{}_{}", layer + 1, sample.number), {});
  auto page = page_of(sample, sampling_rate);
  head_of_page(page, figure, sample, fmt::format("Layer {}, sample {}", layer + 1, sample.number), circle, circles,
               labels);
  auto const heat = [&](std::string const& title, std::string const& part, at::Tensor const& values,
                        std::string const& quantity) {
    page.heat({.title = title,
               .ylabel = "Inner channel",
               .rows = figure.add_data(part, heat_rows(values)),
               .count = shown,
               .palette = plot::ordered_palette(),
               .range = color_range(values),
               .quantity = quantity,
               .height = 36});
  };
  heat(fmt::format("Step size Δ, {}: mean {:.4g}, largest {:.4g}", channels, delta.mean().item<double>(),
                   delta.max().item<double>()),
       "delta", delta, "Δ");
  heat("Output gate silu(z), same channels", "z_gate", z, "silu(z)");
  auto const norms = figure.add_data(
      "norms", line_rows("B_norm C_norm", sample.start, {over_states(signals.B), over_states(signals.C)}));
  page.lines({.title = "|B| and |C| over the states",
              .ylabel = "Norm",
              .plots = plotted(norms, 2, line_style(0)) + ", " + plotted(norms, 3, line_style(1)),
              .largest = std::max(largest(over_states(signals.B)), largest(over_states(signals.C))),
              .key = {{"|B|", line_style(0)}, {"|C|", line_style(1)}}});
  auto const mean = figure.add_data("mean_delta", line_rows("delta", sample.start, {signals.delta[0].mean(1)}));
  page.lines({.title = "Mean Δ over all inner channels",
              .ylabel = "Δ",
              .plots = plotted(mean, 2, line_style(0)),
              .largest = largest(signals.delta[0].mean(1))});
  page.draw(
      figure,
      {fmt::format("One window of {} steps of the series; no intervals. Δ: the step size of the scan, which sets how "
                   "much of the state is kept. Color scales end at the 99.5th percentile.",
                   sample.x.size(0))},
      folder);
}

void draw_summary(Sample const& sample, std::span<std::int64_t const> circle, std::int64_t circles,
                  std::filesystem::path const& folder, double sampling_rate, plot::Labels labels) {
  Figure figure(fmt::format("gates_summary_{}", sample.number), {});
  auto page = page_of(sample, sampling_rate);
  head_of_page(page, figure, sample, fmt::format("Sample {}", sample.number), circle, circles, labels);
  std::vector<at::Tensor> means;
  std::string head;
  for (auto const& signals : sample.layers) {
    means.push_back(signals.delta[0].mean(1));
    head += (head.empty() ? "layer_" : " layer_") + std::to_string(means.size());
  }
  auto const rows = figure.add_data("mean_delta", line_rows(head, sample.start, means));
  // One panel per layer: their levels lie decades apart, and a common axis would flatten all but one.
  for (std::size_t i = 0; i < means.size(); ++i)
    page.lines({.title = fmt::format("Mean Δ, layer {}", i + 1),
                .ylabel = "Δ",
                .plots = plotted(rows, i + 2, line_style(0)),
                .largest = largest(means[i]),
                .height = 14});
  page.draw(
      figure,
      {fmt::format("One window of {} steps of the series; no intervals. Δ: the step size of the scan, averaged over "
                   "the {} inner channels of a layer.",
                   sample.x.size(0), sample.layers.front().delta.size(2))},
      folder);
}

}  // namespace mambasynth::gates
