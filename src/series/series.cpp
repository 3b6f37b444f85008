#include "series/series.hpp"

namespace mambasynth::series {

Series generate(config::Data const& data, int threads) {
  SeriesStream stream(data, threads);
  Series series;
  series.process = stream.process();
  series.n_steps = stream.n_steps();
  auto const steps = static_cast<std::size_t>(series.n_steps);
  series.x.reserve(steps * static_cast<std::size_t>(series.channels()));
  series.circle.reserve(steps);
  series.phase.reserve(steps);
  for_each_block(stream, [&](Block const& block) {
    series.x.insert(series.x.end(), block.x.begin(), block.x.end());
    series.circle.insert(series.circle.end(), block.circle.begin(), block.circle.end());
    series.phase.insert(series.phase.end(), block.phase.begin(), block.phase.end());
  });
  return series;
}

std::vector<float> to_float32(std::span<double const> x) {
  std::vector<float> rounded(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) rounded[i] = static_cast<float>(x[i]);
  return rounded;
}

}  // namespace mambasynth::series
