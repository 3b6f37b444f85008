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
  std::string label;  ///< its file's `implementation`
  std::map<std::string, double> median;
};
/// Reads a file written by to_json, or one of the same structure: {"implementation": ..., "results": [{"name",
/// "median_s"}]}. Errors: errors::input.
Baseline read_baseline(std::filesystem::path const& file);

/// Facts about the machine and build: processor, instruction set, threads, versions.
using Machine = std::vector<std::pair<std::string, std::string>>;

/// Peak rates of the machine, if measured: bytes copied (read and written) and operations per second.
struct Limits {
  double copy = 0, arithmetic = 0;
};

std::string to_text(Machine const& machine, std::vector<Result> const& results, std::vector<Baseline> const& baselines,
                    Limits const& limits);
std::string to_json(Machine const& machine, std::vector<Result> const& results, Limits const& limits);

}  // namespace mambasynth::bench
