#pragma once

#include <string>
#include <vector>

#include "bench/timing.hpp"
#include "config/config.hpp"

namespace mambasynth::bench {

/// The sizes that are timed: the documented model on short windows, which a laptop trains too.
struct Sizes {
  config::Model model;
  std::int64_t channels = config::Data{}.ambient_dim;
  std::int64_t batch = 8;
  std::int64_t time = 256;
  int threads = 1;
};

/// scan, conv, step, forward, dimension, data.
std::vector<std::string> case_names();
/// Times one of them (`scan` and `conv`: forward and backward).
std::vector<Result> run_case(std::string const& name, Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
