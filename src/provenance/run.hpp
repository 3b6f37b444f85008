#pragma once

#include <string>

#include "store/hdf5.hpp"

/// What a result file records about the origin of its numbers.
namespace mambasynth::provenance {

/// Attributes of /provenance.
using Facts = store::Attributes;

/// The card that computed; empty on the CPU.
struct Gpu {
  std::string name;
  std::string driver;  ///< version
  std::string clocks;  ///< maximum MHz of multiprocessors and memory
  std::string nccl;    ///< version
};

/// The build, host, Slurm job, container image, card, instruction set and threads of this process.
/// `device` is "cpu" or "cuda".
Facts run_facts(std::string const& device, int threads, Gpu const& gpu);

std::string host_name();
/// Version of the kernel module, e.g. "580.159.04"; empty if there is none.
std::string nvidia_driver();
/// "2026-03-01T12:00:00Z".
std::string utc_now();

}  // namespace mambasynth::provenance
