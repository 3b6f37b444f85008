#include "gates/samples.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"
#include "series/windows.hpp"

namespace mambasynth::gates {

Choice choose_samples(series::Segments const& series, std::int64_t seq_len, config::Gates const& config) {
  auto const all = series::window_starts(series, seq_len, std::max<std::int64_t>(1, seq_len / 2));
  auto const windows = static_cast<std::int64_t>(all.size());
  random::NumpyGenerator generator(static_cast<std::uint64_t>(config.seed));
  Choice choice;
  choice.starts = generator.choice(windows, std::min(config.n_samples, windows));
  for (auto& start : choice.starts) start = all[static_cast<std::size_t>(start)];
  auto const drawn = static_cast<std::int64_t>(choice.starts.size());
  choice.numbers.resize(choice.starts.size());
  std::iota(choice.numbers.begin(), choice.numbers.end(), std::int64_t{0});
  if (!config.sample) return choice;
  if (*config.sample >= drawn)
    throw errors::usage(fmt::format("there is no sample {} (--sample)", *config.sample),
                        fmt::format("{} of {} windows are drawn, counted from 0", drawn, windows),
                        drawn < windows ? fmt::format("Give a number from 0 to {}, or a larger --n-samples", drawn - 1)
                                        : fmt::format("Give a number from 0 to {}", drawn - 1));
  return {{*config.sample}, {choice.starts[static_cast<std::size_t>(*config.sample)]}};
}

void require_layer(config::Gates const& config, std::int64_t n_layers) {
  if (config.layer && *config.layer > n_layers)
    throw errors::usage(fmt::format("there is no layer {} (--layer)", *config.layer),
                        fmt::format("the checkpoint's network has {}, counted from 1", n_layers),
                        fmt::format("Give a number from 1 to {}", n_layers));
}

void for_each_sample(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                     Choice const& choice, std::function<void(Sample const&)> const& visit) {
  for (std::size_t i = 0; i < choice.starts.size(); ++i) {
    Sample sample{.number = choice.numbers[i],
                  .start = choice.starts[i],
                  .x = series.narrow(0, choice.starts[i], seq_len),
                  .layers = {}};
    sample.layers = network.gates(sample.x.unsqueeze(0));
    visit(sample);
  }
}

}  // namespace mambasynth::gates
