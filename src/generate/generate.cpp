#include "generate/generate.hpp"

namespace mambasynth::generate {
namespace {

/// Steps first .. first + count - 1 after each sample's start.
std::vector<float> cut(std::vector<float> const& series, std::vector<std::int64_t> const& starts, std::int64_t channels,
                       std::int64_t first, std::int64_t count) {
  std::vector<float> out;
  for (auto const start : starts) {
    auto const from = series.begin() + (start + first) * channels;
    out.insert(out.end(), from, from + count * channels);
  }
  return out;
}

}  // namespace

std::unique_ptr<Generator> generator(model::Network const& network, std::string const& device) {
  return device == "cuda" ? gpu_generator(network) : host_generator(network);
}

Generation generate(model::Network const& network, std::vector<float> const& series, config::Generate const& config,
                    std::string const& device, Bursts bursts, std::int64_t segments) {
  Generation result;
  auto const channels = result.channels = network.channels();
  result.seed_start = sample_starts({static_cast<std::int64_t>(series.size()) / channels, segments}, config);
  result.seed = cut(series, result.seed_start, channels, 0, config.seed_len);
  result.truth = cut(series, result.seed_start, channels, config.seed_len, config.gen_len);
  result.generated.resize(result.truth.size());
  auto const samples = result.samples();
  auto const noise =
      draw_noise({samples, channels, network.config().n_layers, network.config().d_model}, config, bursts);
  kernels::RecurrentGeneration const run{.sequences = samples,
                                         .seed_steps = config.seed_len,
                                         .steps = config.gen_len,
                                         .bf16_feedback = config.feedback == "bf16",
                                         .seed = result.seed.data(),
                                         .noise = noise.output.empty() ? nullptr : noise.output.data(),
                                         .burst = noise.burst.empty() ? nullptr : noise.burst.data(),
                                         .bursts = noise.bursts,
                                         .hidden_noise = noise.hidden.data(),
                                         .generated = result.generated.data()};
  generator(network, device)->run(run);

  auto const of_sample = static_cast<std::size_t>(config.gen_len * channels);
  for (std::size_t i = 0; i < result.seed_start.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i * of_sample; j < (i + 1) * of_sample; ++j) {
      double const error = static_cast<double>(result.generated[j]) - result.truth[j];
      sum += error * error;
    }
    result.mse.push_back(sum / static_cast<double>(of_sample));
  }
  return result;
}

}  // namespace mambasynth::generate
