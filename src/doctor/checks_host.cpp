#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cores/cores.hpp"
#include "doctor/checks.hpp"
#include "doctor/needs.hpp"

namespace mambasynth::doctor {
namespace {

// Open MPI maps a segment of 4 MB per rank, plus queues. NCCL's rings take about 10 MB per channel and peer, nearly 1
// GB for eight GPUs.
constexpr double shared_mb_a_rank = 16, shared_mb_of_nccl = 1000;

std::vector<int> numbers_of(std::vector<RankFacts const*> const& ranks) {
  std::vector<int> numbers;
  for (auto const* rank : ranks) numbers.push_back(rank->rank);
  return numbers;
}

struct Limit {
  double mb = 0;
  std::string of;
};

/// The memory that all ranks of a host may use together.
Limit memory_limit(RankFacts const& rank) {
  Limit least{rank.memory.available_mb, "free on the node"};
  auto const keep = [&](double mb, char const* of) {
    if (mb > 0 && mb < least.mb) least = {mb, of};
  };
  if (rank.memory.cgroup_mb) keep(*rank.memory.cgroup_mb, "the limit of the cgroup");
  constexpr double slurms_megabyte = 1.048576;
  keep(integer_of(rank.environment, "SLURM_MEM_PER_NODE", 0).value_or(0) * slurms_megabyte,
       "what Slurm granted (SLURM_MEM_PER_NODE)");
  keep(integer_of(rank.environment, "SLURM_MEM_PER_CPU", 0).value_or(0) * slurms_megabyte *
           integer_of(rank.environment, "SLURM_CPUS_ON_NODE", 1).value_or(0),
       "what Slurm granted (SLURM_MEM_PER_CPU)");
  return least;
}

}  // namespace

Findings check_cores(Facts const& facts) {
  Findings findings;
  for (auto const& rank : facts.ranks) {
    auto const mask = static_cast<int>(rank.cores.size());
    auto const cores = rank.core_quota ? cores::within(mask, cores::Quota{*rank.core_quota, {}}) : mask;
    auto const& asked = value_of(rank.environment, "OMP_NUM_THREADS");
    auto const wanted = integer_of({{"", asked.substr(0, asked.find(','))}}, "", 1).value_or(0);
    if (cores < mask)
      findings.push_back({Level::note,
                          "cpu.quota",
                          fmt::format("a rank may use {} of its {} cores", cores, mask),
                          fmt::format("its cgroup grants CPU time for {:.3g} of them", *rank.core_quota),
                          "Use that many threads (the default), or raise the limit: docker --cpus, systemd CPUQuota",
                          {rank.rank}});
    if (wanted > cores)
      findings.push_back({Level::warning,
                          "cpu.threads",
                          fmt::format("OMP_NUM_THREADS={} is more than the {} core{} that a rank may use", wanted,
                                      cores, cores == 1 ? "" : "s"),
                          "threads that share a core wait for each other",
                          fmt::format("Request --cpus-per-task={}, or set OMP_NUM_THREADS={}", wanted, cores),
                          {rank.rank}});
    if (rank.default_threads > cores)
      findings.push_back({Level::note,
                          "cpu.default_threads",
                          fmt::format("verbs start {} threads by default, but a rank may use only {} core{}",
                                      rank.default_threads, cores, cores == 1 ? "" : "s"),
                          "the launcher binds ranks to cores, but the node has more",
                          fmt::format("Use --threads {} (a sweep uses one thread per rank anyway), or request more "
                                      "cores: --cpus-per-task, mpirun --bind-to none",
                                      cores),
                          {rank.rank}});
  }
  for (auto const& host : by_host(facts)) {
    std::set<int> together;
    std::map<std::vector<int>, std::vector<int>> bound;
    for (auto const* rank : host) {
      together.insert(rank->cores.begin(), rank->cores.end());
      bound[rank->cores].push_back(rank->rank);
    }
    auto const crowded = [&](std::size_t cores, std::vector<int> const& ranks) {
      findings.push_back(
          {Level::warning, "cpu.shared",
           fmt::format("{} ranks run on {} core{}", ranks.size(), cores, cores == 1 ? "" : "s"),
           "each rank should have its own core; these ranks take turns",
           "Start fewer ranks per node, or request more cores: --cpus-per-task; with mpirun, --bind-to core or none",
           ranks});
    };
    if (host.size() > together.size()) crowded(together.size(), numbers_of(host));
    else
      for (auto const& [cores, ranks] : bound)
        if (ranks.size() > cores.size()) crowded(cores.size(), ranks);
  }
  if (findings.empty()) findings.push_back({Level::ok, "cpu", "Every rank has its own core", "", "", {}});
  return findings;
}

Findings check_memory(Facts const& facts) {
  Findings findings;
  for (auto const& host : by_host(facts)) {
    auto const limit = memory_limit(*host.front());
    double need = 0;
    for (auto const* rank : host) need += rank->gpu.count > 0 ? gpu_rank_mb : cpu_rank_mb;
    auto const ranks = host.size() == 1 ? std::string("1 rank") : fmt::format("{} ranks", host.size());
    if (limit.mb < need)
      findings.push_back(
          {Level::warning, "memory", fmt::format("{} for {} on a node may be too little", size_text(limit.mb), ranks),
           fmt::format("that is {}; the default model needs {}: {}", limit.of, size_text(need),
                       host.front()->gpu.count > 0 ? "4 GB per rank for CUDA and the series"
                                                   : "0.3 GB per rank and 53 MB for each of the batch's 128 windows"),
           "Request more (sbatch --mem), start fewer ranks per node, or use a smaller --batch-size", numbers_of(host)});
    else
      findings.push_back(
          {Level::ok, "memory",
           fmt::format("Enough memory for {} per node: the default model needs {}", ranks, size_text(need)), "", "",
           numbers_of(host)});
  }
  return findings;
}

Findings check_shared_memory(Facts const& facts) {
  Findings findings;
  for (auto const& host : by_host(facts)) {
    if (host.size() < 2) continue;  // nothing is shared
    auto const& space = host.front()->shared_memory;
    bool const gpus = std::any_of(host.begin(), host.end(), [](auto const* rank) { return rank->gpu.count > 0; });
    auto const need = shared_mb_a_rank * static_cast<double>(host.size()) + (gpus ? shared_mb_of_nccl : 0);
    auto const why = gpus ? "NCCL's rings take up to 1 GB per node and Open MPI's segments 16 MB per rank"
                          : "Open MPI's segments take up to 16 MB per rank";
    if (space.total_mb == 0)
      findings.push_back({Level::warning, "shared_memory", "/dev/shm does not exist",
                          "ranks on one host exchange messages through it",
                          "Mount it, or make Open MPI use sockets: OMPI_MCA_btl=self,tcp", numbers_of(host)});
    else if (space.free_mb < need)
      findings.push_back(
          {Level::warning, "shared_memory",
           fmt::format("/dev/shm has {} free, but {} may be needed", size_text(space.free_mb), size_text(need)), why,
           "Remove files of dead jobs from it; in a container, start it with a larger one (docker --shm-size=2g; "
           "apptainer shares the host's)",
           numbers_of(host)});
    else
      findings.push_back({Level::ok, "shared_memory",
                          fmt::format("/dev/shm has room for the {} that its ranks may need", size_text(need)), why, "",
                          numbers_of(host)});
  }
  return findings;
}

Findings check_temporary(Facts const& facts) {
  Findings findings;
  for (auto const& host : by_host(facts)) {
    auto const& space = host.front()->temporary;
    if (space.total_mb == 0)
      findings.push_back({Level::warning, "temporary", space.path + " does not exist",
                          "MPI keeps its sockets in TMPDIR, or else /tmp", "Set TMPDIR to a folder on the node",
                          numbers_of(host)});
    else if (space.free_mb < 100)
      findings.push_back(
          {Level::warning, "temporary", fmt::format("{} has only {} free", space.path, size_text(space.free_mb)),
           "MPI keeps its sockets and shared files there; 100 MB are enough",
           "Remove files of dead jobs from it, or set TMPDIR to another folder on the node", numbers_of(host)});
  }
  return findings;
}

}  // namespace mambasynth::doctor
