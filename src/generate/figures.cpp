#include "generate/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "analysis/document/rounding.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/window_page.hpp"

namespace mambasynth::generate {
void draw_generation(GeneratedSample const& s, std::filesystem::path const& folder) {
  namespace plot = analysis::plot;
  auto const seed_steps = static_cast<std::int64_t>(s.seed.size()) / s.channels;
  auto const steps = static_cast<std::int64_t>(s.generated.size()) / s.channels;
  auto const border = s.seed_start + seed_steps, last = border + steps;
  std::vector<std::int64_t> bursts;
  for (auto const step : s.bursts) bursts.push_back(border + step);
  auto const heat_of = [&](plot::Figure& figure, std::string const& title, std::string const& part,
                           std::span<float const> values, std::string const& range, std::string const& quantity,
                           std::int64_t from = 0) {
    return plot::WindowPage::Heat{.title = title,
                                  .ylabel = "Channel",
                                  .rows = figure.add_data(part, plot::heat_rows(values, s.channels)),
                                  .count = s.channels,
                                  .palette = plot::diverging_palette(),
                                  .range = range,
                                  .quantity = quantity,
                                  .from = from};
  };
  auto const notes = [&](std::string const& what) {
    return std::vector<std::string>{fmt::format("Sample {}: {}; no intervals.", s.number, what)};
  };
  constexpr char const* burst_words = "start of a burst of noise on the input";

  plot::Figure whole(fmt::format("generation_{}", s.number), {});
  std::vector<float> all(s.seed.begin(), s.seed.end());
  all.insert(all.end(), s.generated.begin(), s.generated.end());
  auto const range = plot::symmetric_range(plot::largest_magnitude(all));
  plot::WindowPage page(s.seed_start, last, s.sampling_rate);
  page.border(border, "end of the seed");
  page.strip(fmt::format("{} of the seed", plot::title_of(s.labels)),
             whole.add_data("circles", plot::circle_runs(s.seed_circle, s.circles, s.seed_start, seed_steps + steps)));
  page.circles(s.seed_circle, s.circles, s.labels);
  page.events(bursts, burst_words);
  page.heat(heat_of(whole, "Seed, then generated steps", "all", all, range, "x"));
  page.draw(whole, notes(fmt::format("{} steps of the series, then {} generated steps", seed_steps, steps)), folder);

  std::vector<float> error(s.generated.begin(), s.generated.end());
  for (std::size_t i = 0; i < error.size(); ++i) error[i] -= s.truth[i];
  auto const common = plot::symmetric_range(std::max(
      {plot::largest_magnitude(s.truth), plot::largest_magnitude(s.generated), plot::largest_magnitude(error)}));
  plot::Figure beside(fmt::format("generation_vs_gt_{}", s.number), {});
  plot::WindowPage compared(border, last, s.sampling_rate);
  compared.heat(heat_of(beside, "Series", "truth", s.truth, common, "x"));
  compared.events(bursts, burst_words);
  compared.heat(heat_of(beside, "Generated steps", "generated", s.generated, common, "x"));
  compared.events({});
  compared.heat(heat_of(beside, "Difference, MSE " + analysis::document::decimal_text(s.mse, 4), "error", error, common,
                        "Diff."));
  compared.draw(beside,
                notes(fmt::format("{} steps after its seed of {}; MSE over steps and channels{}", steps, seed_steps,
                                  s.standardized ? ", in squared standard deviations of the channels" : "")),
                folder);
}

}  // namespace mambasynth::generate
