#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "generate/samples.hpp"
#include "kernels/recurrent_generate.hpp"
#include "model/network.hpp"

namespace mambasynth::generate {

/// The network's continuations of the first steps of some windows, along with the true ones.
struct Generation {
  std::int64_t channels = 0;
  std::vector<std::int64_t> seed_start;  ///< (sample) first step of the seed in the series
  std::vector<float> seed;               ///< (sample, seed step, channel)
  std::vector<float> generated, truth;   ///< (sample, step, channel)
  std::vector<double> mse;               ///< (sample) over steps and channels

  [[nodiscard]] std::int64_t samples() const { return static_cast<std::int64_t>(seed_start.size()); }
};

/// series: (n_steps, channel) fp32, of so many segments. device: "cpu" or "cuda".
/// Errors: those of sample_starts; errors::usage if the device cannot run the network.
Generation generate(model::Network const& network, std::vector<float> const& series, config::Generate const& config,
                    std::string const& device, Bursts bursts = Bursts::applied, std::int64_t segments = 1);

/// A network prepared to generate on one device.
class Generator {
 public:
  virtual ~Generator() = default;
  /// Fills run.generated; every array on the host.
  virtual void run(kernels::RecurrentGeneration const& run) = 0;
};
/// device: "cpu" or "cuda". Errors: errors::usage (this build has no CUDA, or the network does not fit the GPU).
std::unique_ptr<Generator> generator(model::Network const& network, std::string const& device);
std::unique_ptr<Generator> host_generator(model::Network const& network);
std::unique_ptr<Generator> gpu_generator(model::Network const& network);

}  // namespace mambasynth::generate
