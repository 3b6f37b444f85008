#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What a result file says about where its numbers come from.
namespace mambasynth::provenance {

using Fact = std::variant<std::string, std::int64_t, double>;
using Facts = std::vector<std::pair<std::string, Fact>>;

/// The build, host, Slurm job, container image, instruction set and threads of this process.
/// `device` is "cpu" or the GPU's name.
Facts run_facts(std::string const& device, int threads);

std::string host_name();
/// "2026-03-01T12:00:00Z".
std::string utc_now();

}  // namespace mambasynth::provenance
