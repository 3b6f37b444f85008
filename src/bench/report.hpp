#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/timing.hpp"

namespace mambasynth::bench {

/// Another run's medians by benchmark name.
struct Baseline {
  std::string label;                   ///< its file's `implementation`
  std::map<std::string, double> median;
};
/// Reads what to_json wrote, or a file of the same shape: {"implementation": ..., "results": [{"name", "median_s"}]}.
/// Errors: errors::input.
Baseline read_baseline(std::filesystem::path const& file);

/// `machine`: facts that the figures hold for (processor, instruction set, threads, versions).
using Machine = std::vector<std::pair<std::string, std::string>>;

std::string to_text(Machine const& machine, std::vector<Result> const& results, std::vector<Baseline> const& baselines);
std::string to_json(Machine const& machine, std::vector<Result> const& results);

}  // namespace mambasynth::bench
