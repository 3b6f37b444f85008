#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "parallel/group.hpp"

namespace mambasynth::bench {

/// One timed thing: seconds a run over `runs` runs behind a warm-up, and what that means.
struct Result {
  std::string name;                                         ///< "scan_forward", "step", ...
  std::vector<std::pair<std::string, std::int64_t>> shape;  ///< batch, time, channels, ...
  std::int64_t runs = 0;
  double median = 0, least = 0, most = 0;  ///< seconds
  double bytes = 0;                        ///< read and written at least, a run; 0: not stated
  double operations = 0;                   ///< of its matrix products, a run; 0: not stated
  double items = 0;                        ///< what `unit` counts, a run
  std::string unit;                        ///< "tokens", "rows", "steps"
  double peak_memory_mb = 0;               ///< the process's high-water mark behind the last run
};

struct Effort {
  double seconds = 2;  ///< to spend on each, about
  std::int64_t least_runs = 5;
  parallel::Group* group = nullptr;  ///< ranks that run together, as often as the leader says

  /// Whether another run follows: what this rank wants, or the leader of its group.
  [[nodiscard]] bool go_on(bool own) const;
};

/// Times `run` after one warm-up.
void measure(Result& result, Effort const& effort, std::function<void()> const& run);

}  // namespace mambasynth::bench
