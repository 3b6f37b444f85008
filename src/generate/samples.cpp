#include "generate/samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"
#include "series/windows.hpp"

namespace mambasynth::generate {
namespace {

/// Whether a burst is active, step by step.
std::vector<bool> burst_steps(config::Generate const& config) {
  std::vector<bool> on(static_cast<std::size_t>(config.gen_len));
  if (config.perturb_interval == 0 || config.perturb_scale == 0) return on;
  std::int64_t remaining = 0;
  for (std::int64_t step = 0; step < config.gen_len; ++step) {
    if (step > 0 && step % config.perturb_interval == 0) remaining = config.perturb_duration;
    on[static_cast<std::size_t>(step)] = remaining > 0;
    remaining = std::max<std::int64_t>(0, remaining - 1);
  }
  return on;
}

}  // namespace

std::vector<std::int64_t> sample_starts(series::Segments const& series, config::Generate const& config) {
  auto const n_steps = series.length();
  if (n_steps < config.seed_len + config.gen_len)
    throw errors::input(
        series.count > 1 ? "the trials of the recording are shorter than one sample"
                         : "the series is shorter than one sample",
        fmt::format("{} {} steps, --seed-len {} and --gen-len {} take {}", series.count > 1 ? "each has" : "it has",
                    n_steps, config.seed_len, config.gen_len, config.seed_len + config.gen_len),
        "Lower --gen-len, or use a longer series (--n-steps)");
  auto const all = series::window_starts(series, config.seed_len + config.gen_len, config.seed_len);
  auto const count = static_cast<std::int64_t>(all.size());
  if (config.seed_offset) {
    if (*config.seed_offset >= count)
      throw errors::usage(fmt::format("there is no window {} (--seed-offset)", *config.seed_offset),
                          fmt::format("{} steps hold {} windows of {} + {} steps at multiples of {}", series.steps,
                                      count, config.seed_len, config.gen_len, config.seed_len),
                          fmt::format("Give a number from 0 to {}", count - 1));
    return {all[static_cast<std::size_t>(*config.seed_offset)]};
  }
  random::NumpyGenerator generator(static_cast<std::uint64_t>(config.seed));
  auto starts = generator.choice(count, std::min(config.n_samples, count));
  for (auto& start : starts) start = all[static_cast<std::size_t>(start)];
  return starts;
}

std::vector<std::int64_t> burst_starts(config::Generate const& config) {
  auto const on = burst_steps(config);
  std::vector<std::int64_t> starts;
  for (std::size_t step = 0; step < on.size(); ++step)
    if (on[step] && (step == 0 || !on[step - 1])) starts.push_back(static_cast<std::int64_t>(step));
  return starts;
}

std::vector<char> perturbed_steps(config::Generate const& config) {
  auto const on = burst_steps(config);
  std::size_t const later = config.perturb_hidden ? 1 : 0;
  std::vector<char> perturbed(on.size());
  for (std::size_t step = later; step < on.size(); ++step) perturbed[step] = on[step - later];
  if (std::count(perturbed.begin(), perturbed.end(), char{1}) == 0) perturbed.clear();
  return perturbed;
}

Noise draw_noise(NoiseShape const& shape, config::Generate const& config, Bursts which) {
  auto const on = burst_steps(config);
  bool const applied = which == Bursts::applied;
  auto const bursts = applied ? std::count(on.begin(), on.end(), true) : 0;
  bool const outside = bursts > 0 && !config.perturb_hidden;
  Noise noise;
  if (config.temperature > 0 || outside)
    noise.output.resize(static_cast<std::size_t>(shape.samples * config.gen_len * shape.channels));
  if (bursts > 0 && config.perturb_hidden) {
    noise.bursts = bursts;
    noise.burst.assign(on.size(), -1);
    std::int32_t number = 0;
    for (std::size_t step = 0; step < on.size(); ++step)
      if (on[step]) noise.burst[step] = number++;
    noise.hidden.resize(static_cast<std::size_t>(shape.samples * bursts * shape.layers * shape.features));
  }
  auto const reached = config.perturb_layers == 0 ? shape.layers : std::min(config.perturb_layers, shape.layers);
  for (std::int64_t i = 0; i < shape.samples; ++i) {
    // NumPy concatenates the words of a list, lowest first: [seed, i + 1].
    random::NumpyGenerator generator(static_cast<std::uint64_t>(i + 1) << 32 | static_cast<std::uint64_t>(config.seed));
    auto hidden = noise.hidden.begin() + i * noise.bursts * shape.layers * shape.features;
    for (std::int64_t step = 0; step < config.gen_len; ++step) {
      auto const output = noise.output.empty()
                              ? std::span<float>()
                              : std::span(noise.output)
                                    .subspan(static_cast<std::size_t>((i * config.gen_len + step) * shape.channels),
                                             static_cast<std::size_t>(shape.channels));
      if (config.temperature > 0)
        for (auto& value : output) value = static_cast<float>(config.temperature * generator.normal());
      if (!on[static_cast<std::size_t>(step)]) continue;
      if (!applied)
        for (std::int64_t c = 0; c < (config.perturb_hidden ? reached * shape.features : shape.channels); ++c)
          generator.normal();
      else if (outside)
        for (auto& value : output) value += static_cast<float>(config.perturb_scale * generator.normal());
      else {
        std::generate_n(hidden, reached * shape.features,
                        [&] { return static_cast<float>(config.perturb_scale * generator.normal()); });
        hidden += shape.layers * shape.features;
      }
    }
  }
  return noise;
}

}  // namespace mambasynth::generate
