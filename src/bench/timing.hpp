#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "parallel/group.hpp"

namespace mambasynth::bench {

/// The result of a benchmark: seconds per run over `runs` runs after a warm-up, and the work per run.
struct Result {
  std::string name;                                         ///< "scan_forward", "step", ...
  std::vector<std::pair<std::string, std::int64_t>> shape;  ///< batch, time, channels, ...
  std::int64_t runs = 0;
  double median = 0, least = 0, most = 0;  ///< seconds
  double bytes = 0;                        ///< minimum read and written per run; 0: not stated
  double operations = 0;                   ///< of its matrix products per run; 0: not stated
  double items = 0;                        ///< number of `unit` per run
  std::string unit;                        ///< "tokens", "rows", "steps"
  double peak_memory_mb = 0;  ///< the process's high-water mark after the last run; of a GPU, LibTorch's allocations
  double held_memory_mb = 0;  ///< what is in use on the GPU, with CUDA's context and caches; 0 on the CPU
};

struct Effort {
  double seconds = 2;  ///< approximate time to spend on each case
  std::int64_t least_runs = 5;
  parallel::Group* group = nullptr;  ///< ranks that run together; the root determines how often

  /// Whether to run again: the decision of the group's root, or `own` without a group.
  [[nodiscard]] bool go_on(bool own) const;
};

/// Times `run` after one warm-up.
void measure(Result& result, Effort const& effort, std::function<void()> const& run);

}  // namespace mambasynth::bench
