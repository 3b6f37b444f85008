#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/report.hpp"
#include "bench/timing.hpp"
#include "config/config.hpp"

namespace mambasynth::bench {

/// The sizes to time: by default, the documented model on short windows, which a laptop can train, too.
struct Sizes {
  config::Model model;
  config::Train objective;  ///< the auxiliary losses and augmentations of step and epoch
  std::int64_t channels = config::Data{}.ambient_dim;
  std::int64_t batch = 8;
  std::int64_t time = 256;
  int threads = 1;
  std::int64_t trials = 1;  ///< trained concurrently by the epoch case, each in its own thread
  std::string device = "cpu";
  std::string precision = "fp32";  ///< bf16 or fp32; on the CPU fp32
  bool graphs = true;              ///< a step as a CUDA graph
};

/// scan, conv, block, forward, step, epoch, ...
std::vector<std::string> case_names();
/// Measures the peak rates of the current GPU. Errors: std::logic_error in a build without CUDA.
Limits limits_of_gpu();
/// Times one case (`scan` and `conv`: forward and backward).
std::vector<Result> run_case(std::string const& name, Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
