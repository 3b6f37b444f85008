#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "doctor/checks.hpp"

/// Made-up facts of machines that are not available here.
namespace mambasynth::tests {

inline doctor::RankFacts healthy(int rank, int size, std::string const& host = "n1") {
  doctor::RankFacts facts;
  facts.rank = rank;
  facts.size = size;
  facts.local_rank = rank;
  facts.local_size = size;
  facts.host = host;
  facts.program = {"0.1.0", "abc", "Release", "", ""};
  facts.mpi = {"Open MPI v4.1.4, package", "MPI_THREAD_MULTIPLE"};
  facts.instruction_set = "avx2";
  facts.cores = {2 * rank, 2 * rank + 1};
  facts.default_threads = 2;
  facts.memory = {256e3, 200e3, std::nullopt};
  facts.shared_memory = {"/dev/shm", 128e3, 128e3};
  facts.temporary = {"/tmp", 100e3, 50e3};
  return facts;
}

inline doctor::RankFacts with_gpu(int rank, int size, std::string const& bus, std::string const& host = "n1") {
  auto facts = healthy(rank, size, host);
  facts.nvidia_driver = "580.1";
  facts.program.cuda = "13.0";
  facts.program.gpu_architectures = "90-real 90-virtual 120-real";
  facts.gpu.built_with_cuda = true;
  facts.gpu.count = 2;
  facts.gpu.driver_cuda = facts.gpu.runtime_cuda = 13000;
  facts.gpu.nccl = "2.28.9";
  facts.gpu.card.name = "NVIDIA H100";
  facts.gpu.card.bus = bus;
  facts.gpu.card.architecture = "90";
  facts.gpu.card.memory_mb = 80e3;
  facts.gpu.card.memory_free_mb = 79e3;
  return facts;
}

inline doctor::Facts of(std::vector<doctor::RankFacts> ranks) {
  doctor::Facts facts;
  facts.ranks = std::move(ranks);
  return facts;
}

/// The finding of that name, or an empty one that is ok.
inline doctor::Finding named(doctor::Findings const& findings, std::string const& check) {
  auto const found = std::find_if(findings.begin(), findings.end(), [&](auto const& f) { return f.check == check; });
  return found == findings.end() ? doctor::Finding{} : *found;
}

}  // namespace mambasynth::tests
